"""Who boto3 is by the profile that the environment names, and by which kind of credentials."""
import json
import sys

import boto3

json.load(sys.stdin)
session = boto3.Session()
credentials = session.get_credentials()
identity = session.client("sts").get_caller_identity()
print(json.dumps({"method": credentials.method, "arn": identity["Arn"]}))
