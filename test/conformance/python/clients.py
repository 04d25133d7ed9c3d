"""boto3 clients for the server that the environment names, and the two ways in which a script reports: a value that
JSON can carry, and an error as boto3 raised it."""

import datetime
import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

called = set()


def client(service, *, key=None, secret=None, token=None, region=None):
    """A client that sends what it is given (the server validates) and remembers which operations were called; with the
    root key, unless another is given."""
    made = boto3.client(
        service,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1, "mode": "standard"}),
        aws_access_key_id=key or os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or os.environ["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=token,
        region_name=region,
    )
    made.meta.events.register("before-call", lambda model, **_: called.add(f"{service}.{model.name}"))
    return made


def refusal(operation, **parameters):
    """The class, code, sentence and status of the error that the call raises; None where it raises none."""
    try:
        operation(**parameters)
    except ClientError as error:
        answer = error.response
        return {
            "class": type(error).__name__,
            "code": answer["Error"]["Code"],
            "message": answer["Error"]["Message"],
            "status": answer["ResponseMetadata"]["HTTPStatusCode"],
            "requestId": answer["ResponseMetadata"].get("RequestId"),
        }
    return None


def given():
    return json.load(sys.stdin)


def tell(results):
    results["called"] = sorted(called)
    json.dump(results, sys.stdout, default=plain)


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("latin-1")
    raise TypeError(f"{type(value)} in a result")
