"""Profiles that assume one role after another, as botocore resolves them, and what temporary credentials may do."""

import boto3
from clients import client, given, refusal, tell

asked = given()


def identity_of(credentials):
    sts = client(
        "sts",
        key=credentials["AccessKeyId"],
        secret=credentials["SecretAccessKey"],
        token=credentials["SessionToken"],
    )
    return sts.get_caller_identity()["Arn"]


def as_user(service):
    return client(service, key=asked["user"]["AccessKeyId"], secret=asked["user"]["SecretAccessKey"])


chained = boto3.Session(profile_name="second")
session_token = as_user("sts").get_session_token(DurationSeconds=900)["Credentials"]
federated = as_user("sts").get_federation_token(Name="bob", Policy=asked["policy"])
tagged = as_user("sts").assume_role(
    RoleArn=asked["first"],
    RoleSessionName="tagged",
    Tags=[{"Key": "team", "Value": "x"}],
    TransitiveTagKeys=["team"],
    SourceIdentity="alice",
    Policy=asked["policy"],
)
tell(
    {
        "chained": chained.client("sts").get_caller_identity()["Arn"],
        "roles": [role["RoleName"] for role in chained.client("iam").list_roles()["Roles"]],
        "denied": refusal(chained.client("iam").list_users),
        "sessionToken": identity_of(session_token),
        "federated": [federated["FederatedUser"]["Arn"], identity_of(federated["Credentials"])],
        "tagged": [tagged["SourceIdentity"], tagged["PackedPolicySize"], identity_of(tagged["Credentials"])],
        "account": as_user("sts").get_access_key_info(AccessKeyId=asked["user"]["AccessKeyId"])["Account"],
        "untrusted": refusal(as_user("sts").assume_role, RoleArn=asked["second"], RoleSessionName="s1"),
        "root": refusal(client("sts").assume_role, RoleArn=asked["first"], RoleSessionName="s1"),
        "tooLong": refusal(as_user("sts").assume_role, RoleArn=asked["first"], RoleSessionName="s1", DurationSeconds=3601),
        "malformed": refusal(as_user("sts").assume_role, RoleArn=asked["first"], RoleSessionName="s1", Policy="{}"),
        "badToken": refusal(
            client("sts").assume_role_with_web_identity,
            RoleArn=asked["first"],
            RoleSessionName="s1",
            WebIdentityToken="no.jwt.here",
        ),
    }
)
