"""STS: who am I, by a signed header and by a presigned URL that urllib fetches."""

import os
import urllib.error
import urllib.request

import boto3
from botocore.model import ServiceId
from botocore.signers import RequestSigner
from clients import client, given, refusal, tell

given()
sts = client("sts")


def fetch(url, **options):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **options)) as answer:
            return {"status": answer.status, "type": answer.headers["content-type"], "body": answer.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "type": error.headers["content-type"], "body": error.read().decode()}


def cluster_token_url(cluster):
    """The URL inside a token of `aws eks get-token`: a header of the cluster's name is signed besides the host."""
    session = boto3.Session()
    signer = RequestSigner(
        ServiceId("sts"), session.region_name, "sts", "v4", session.get_credentials(), session.events
    )
    parameters = {
        "method": "GET",
        "url": os.environ["AWS_ENDPOINT_URL"] + "/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    return signer.generate_presigned_url(
        parameters, region_name=session.region_name, expires_in=60, operation_name=""
    )


url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
cluster_url = cluster_token_url("one")
identity = sts.get_caller_identity()
tell(
    {
        "identity": {name: identity[name] for name in ("UserId", "Account", "Arn")},
        "requestId": identity["ResponseMetadata"].get("RequestId"),
        "presigned": fetch(url),
        "tampered": fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=3600")),
        "otherMethod": fetch(url, method="POST"),
        "cluster": fetch(cluster_url, headers={"x-k8s-aws-id": "one"}),
        "otherCluster": fetch(cluster_url, headers={"x-k8s-aws-id": "two"}),
        "noCluster": fetch(cluster_url),
        "wrongSecret": refusal(client("sts", secret="wrong" * 8).get_caller_identity),
        "strangeToken": refusal(client("sts", token="made-up").get_caller_identity),
        "unserved": refusal(sts.assume_role_with_saml),
    }
)
