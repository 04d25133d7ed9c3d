"""Every operation of IAM that is served, with all members set, read back; paginators, waiters, typed exceptions."""

import boto3
from clients import client, given, refusal, tell

MANY = 150

iam = client("iam")
asked = given()
TRUST = asked["trustPolicy"]
TAGS = [{"Key": "team", "Value": "apps + ops @home"}, {"Key": "Émile", "Value": ""}]


def body(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def role():
    answer = iam.create_role(
        Path="/apps/web/",
        RoleName="Boto3",
        AssumeRolePolicyDocument=TRUST,
        Description="für <Tests> & \"co\"\n",
        MaxSessionDuration=7200,
        Tags=TAGS,
    )
    one = {"RoleName": "Boto3"}
    return {
        "requestId": answer["ResponseMetadata"].get("RequestId"),
        "created": body(answer),
        "got": body(iam.get_role(**one)),
        "gotByOtherCase": body(iam.get_role(RoleName="boto3")),
        "again": refusal(iam.create_role, RoleName="BOTO3", AssumeRolePolicyDocument=TRUST),
        "updateRole": body(iam.update_role(**one, Description="other", MaxSessionDuration=43200)),
        "updateTrust": body(iam.update_assume_role_policy(**one, PolicyDocument=asked["otherTrustPolicy"])),
        "updated": body(iam.get_role(**one)),
        "badTrust": refusal(iam.update_assume_role_policy, **one, PolicyDocument="{}"),
        "put": body(iam.put_role_policy(**one, PolicyName="p", PolicyDocument=asked["policy"])),
        "gotPolicy": body(iam.get_role_policy(**one, PolicyName="p")),
        "listedPolicies": body(iam.list_role_policies(**one)),
        "badPolicy": refusal(iam.put_role_policy, **one, PolicyName="bad", PolicyDocument="no policy"),
        "conflict": refusal(iam.delete_role, **one),
        "deletedPolicy": body(iam.delete_role_policy(**one, PolicyName="p")),
        "noPolicy": refusal(iam.get_role_policy, **one, PolicyName="p"),
        "deleted": body(iam.delete_role(**one)),
        "gone": refusal(iam.get_role, **one),
    }


def instance_profile():
    # botocore sends an empty list as `Tags=`.
    iam.create_role(RoleName="Server", AssumeRolePolicyDocument=TRUST, Tags=[])
    one = {"InstanceProfileName": "Web"}
    pair = {**one, "RoleName": "Server"}
    results = {
        "created": body(iam.create_instance_profile(**one, Path="/servers/", Tags=TAGS)),
        "again": refusal(iam.create_instance_profile, **one),
        "added": body(iam.add_role_to_instance_profile(**pair)),
        "addedAgain": refusal(iam.add_role_to_instance_profile, **pair),
        "got": body(iam.get_instance_profile(**one)),
        "listed": body(iam.list_instance_profiles(PathPrefix="/servers/", MaxItems=1)),
        "ofRole": body(iam.list_instance_profiles_for_role(RoleName="Server", MaxItems=1)),
        "roleInUse": refusal(iam.delete_role, RoleName="Server"),
        "profileInUse": refusal(iam.delete_instance_profile, **one),
        "tagged": body(iam.tag_instance_profile(**one, Tags=[{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}])),
        "untagged": body(iam.untag_instance_profile(**one, TagKeys=["team", "b"])),
        "tags": body(iam.list_instance_profile_tags(**one, MaxItems=10)),
        "tagPages": [
            [tag["Key"] for tag in page["Tags"]]
            for page in iam.get_paginator("list_instance_profile_tags").paginate(
                **one, PaginationConfig={"PageSize": 1}
            )
        ],
        "removed": body(iam.remove_role_from_instance_profile(**pair)),
        "removedAgain": refusal(iam.remove_role_from_instance_profile, **pair),
        "deleted": body(iam.delete_instance_profile(**one)),
        "gone": refusal(iam.get_instance_profile, **one),
    }
    # The resource interface reads the same answers through another model.
    resource = boto3.resource("iam")
    results["resource"] = {"arn": resource.Role("Server").arn, "trust": resource.Role("Server").assume_role_policy_document}
    iam.delete_role(RoleName="Server")
    return results


def pages():
    for number in range(MANY):
        iam.create_role(Path="/pages/", RoleName=f"Page{number:03}", AssumeRolePolicyDocument=TRUST)
    roles = iam.get_paginator("list_roles")
    walked = list(roles.paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 40}))
    # MaxItems of the paginator cuts inside a page and resumes there.
    cut = roles.paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 40, "MaxItems": 50}).build_full_result()
    resumed = roles.paginate(
        PathPrefix="/pages/", PaginationConfig={"PageSize": 40, "StartingToken": cut["NextToken"]}
    ).build_full_result()
    return {
        "sizes": [len(page["Roles"]) for page in walked],
        "truncated": [page["IsTruncated"] for page in walked],
        "names": [one["RoleName"] for page in walked for one in page["Roles"]],
        "defaultSizes": [len(page["Roles"]) for page in roles.paginate(PathPrefix="/pages/")],
        "cutAndResumed": [one["RoleName"] for one in cut["Roles"] + resumed["Roles"]],
        "elsewhere": [one["RoleName"] for page in roles.paginate(PathPrefix="/nowhere/") for one in page["Roles"]],
        "madeUpMarker": refusal(iam.list_roles, Marker="made-up"),
    }


def waiters():
    """Each waiter finds nothing at first; that answer makes what it waits for, so that nothing depends on time."""
    waiting = client("iam")
    attempts = {"GetRole": [], "GetInstanceProfile": []}

    def make_role(http_response, **_):
        attempts["GetRole"].append(http_response.status_code)
        if len(attempts["GetRole"]) == 1:
            iam.create_role(RoleName="Awaited", AssumeRolePolicyDocument=TRUST)

    def make_profile(http_response, **_):
        attempts["GetInstanceProfile"].append(http_response.status_code)
        if len(attempts["GetInstanceProfile"]) == 1:
            iam.create_instance_profile(InstanceProfileName="Awaited")

    waiting.meta.events.register("after-call.iam.GetRole", make_role)
    waiting.meta.events.register("after-call.iam.GetInstanceProfile", make_profile)
    patience = {"Delay": 0, "MaxAttempts": 5}
    waiting.get_waiter("role_exists").wait(RoleName="Awaited", WaiterConfig=patience)
    waiting.get_waiter("instance_profile_exists").wait(InstanceProfileName="Awaited", WaiterConfig=patience)
    return attempts


def errors():
    return {
        "missing": refusal(iam.create_role),
        "invalid": refusal(iam.create_role, RoleName="bad name", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=1),
        "malformed": refusal(iam.create_role, RoleName="Malformed", AssumeRolePolicyDocument='{"Version":'),
        "reservedTag": refusal(
            iam.create_instance_profile, InstanceProfileName="Tagged", Tags=[{"Key": "aws:x", "Value": ""}]
        ),
        "unserved": refusal(iam.list_server_certificates),
        "wrongSecret": refusal(client("iam", secret="wrong" * 8).list_roles),
        "unknownKey": refusal(client("iam", key="AKIANOBODYNOBODYNOBO").list_roles),
    }


tell(
    {
        "role": role(),
        "instanceProfile": instance_profile(),
        "pages": pages(),
        "waiters": waiters(),
        "errors": errors(),
    }
)
