"""A server that has no room: with each second request it has (`alternating`), or never (`full`)."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from clients import given, tell

urls = given()


def client(service, url, mode, attempts):
    return boto3.client(service, endpoint_url=url, config=Config(retries={"mode": mode, "total_max_attempts": attempts}))


def answered(mode):
    answer = client("sts", urls["alternating"], mode, 3).get_caller_identity()
    return {"account": answer["Account"], "retries": answer["ResponseMetadata"]["RetryAttempts"]}


def refused(service, operation):
    try:
        getattr(client(service, urls["full"], "standard", 2), operation)()
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return [error.response["Error"]["Code"], metadata["HTTPStatusCode"], metadata["RetryAttempts"]]
    return None


tell(
    {
        "answered": {mode: answered(mode) for mode in ("legacy", "standard")},
        "refused": {
            "sts": refused("sts", "get_caller_identity"),
            "rolesanywhere": refused("rolesanywhere", "list_profiles"),
        },
    }
)
