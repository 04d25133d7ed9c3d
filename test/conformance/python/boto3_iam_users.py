"""Users, access keys, groups, managed policies of the account's own, boundaries: set, read back, walked, waited for."""

import json

from clients import client, given, refusal, tell

iam = client("iam")
asked = given()
ONE = {"UserName": "Ada"}
GROUP = {"GroupName": "Ops"}


def body(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def walked(operation, member, name=None, **parameters):
    pages = iam.get_paginator(operation).paginate(**parameters, PaginationConfig={"PageSize": 1})
    return [one if name is None else one[name] for page in pages for one in page[member]]


def policies():
    made = iam.create_policy(
        PolicyName="Own", Path="/x/", PolicyDocument=asked["policy"], Description="d", Tags=[{"Key": "k", "Value": "v"}]
    )
    one = {"PolicyArn": made["Policy"]["Arn"]}
    second = iam.create_policy_version(**one, PolicyDocument=asked["otherPolicy"], SetAsDefault=True)
    results = {
        "made": body(made),
        "got": body(iam.get_policy(**one)),
        "second": body(second),
        "versions": walked("list_policy_versions", "Versions", "VersionId", **one),
        "document": iam.get_policy_version(**one, VersionId="v2")["PolicyVersion"]["Document"],
        "default": refusal(iam.delete_policy_version, **one, VersionId="v2"),
        "set": body(iam.set_default_policy_version(**one, VersionId="v1")),
        "removed": body(iam.delete_policy_version(**one, VersionId="v2")),
        "tagged": body(iam.tag_policy(**one, Tags=[{"Key": "l", "Value": "w"}])),
        "untagged": body(iam.untag_policy(**one, TagKeys=["k"])),
        "tags": walked("list_policy_tags", "Tags", "Key", **one),
        "again": refusal(iam.create_policy, PolicyName="own", PolicyDocument=asked["policy"]),
        "old": refusal(iam.create_policy, PolicyName="Old", PolicyDocument=json.dumps({"Statement": []})),
        "local": walked("list_policies", "Policies", "PolicyName", Scope="Local"),
    }
    return one, results


def users(policy):
    boundary = {"PermissionsBoundary": policy["PolicyArn"]}
    made = iam.create_user(**ONE, Path="/x/", **boundary, Tags=[{"Key": "k", "Value": "v"}])
    key = iam.create_access_key(**ONE)["AccessKey"]
    named = {"AccessKeyId": key["AccessKeyId"]}
    iam.put_user_policy(**ONE, PolicyName="p", PolicyDocument=asked["policy"])
    iam.attach_user_policy(**ONE, **policy)
    own = client("iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    return {
        "made": body(made),
        "got": body(iam.get_user(**ONE)),
        "root": body(iam.get_user()),
        "self": own.get_user()["User"]["UserName"],
        "denied": refusal(own.create_group, GroupName="None"),
        "key": {name: value for name, value in key.items() if name != "SecretAccessKey"},
        "keys": walked("list_access_keys", "AccessKeyMetadata", "AccessKeyId", **ONE),
        "lastUsed": body(iam.get_access_key_last_used(**named)),
        "inactive": body(iam.update_access_key(**ONE, **named, Status="Inactive")),
        "unknown": refusal(own.get_user),
        "inline": walked("list_user_policies", "PolicyNames", **ONE),
        "document": iam.get_user_policy(**ONE, PolicyName="p")["PolicyDocument"],
        "attached": walked("list_attached_user_policies", "AttachedPolicies", "PolicyName", **ONE),
        "unbound": body(iam.delete_user_permissions_boundary(**ONE)),
        "bound": body(iam.put_user_permissions_boundary(**ONE, **boundary)),
        "tagged": body(iam.tag_user(**ONE, Tags=[{"Key": "l", "Value": "w"}])),
        "untagged": body(iam.untag_user(**ONE, TagKeys=["k"])),
        "tags": walked("list_user_tags", "Tags", "Key", **ONE),
        "conflict": refusal(iam.delete_user, **ONE),
        "keyGone": body(iam.delete_access_key(**ONE, **named)),
    }


def groups(policy):
    made = iam.create_group(**GROUP, Path="/x/")
    for name in ("Bob", "Eve"):
        iam.create_user(UserName=name)
        iam.add_user_to_group(**GROUP, UserName=name)
    iam.add_user_to_group(**GROUP, **ONE)
    iam.put_group_policy(**GROUP, PolicyName="g", PolicyDocument=asked["policy"])
    iam.attach_group_policy(**GROUP, **policy)
    entities = list(iam.get_paginator("list_entities_for_policy").paginate(**policy, PaginationConfig={"PageSize": 1}))
    return {
        "made": body(made),
        "members": sorted(walked("get_group", "Users", "UserName", **GROUP)),
        "of": walked("list_groups_for_user", "Groups", "GroupName", **ONE),
        "all": walked("list_groups", "Groups", "GroupName"),
        "users": walked("list_users", "Users", "UserName"),
        "inline": walked("list_group_policies", "PolicyNames", **GROUP),
        "document": iam.get_group_policy(**GROUP, PolicyName="g")["PolicyDocument"],
        "attached": walked("list_attached_group_policies", "AttachedPolicies", "PolicyName", **GROUP),
        "entities": [
            [one["GroupName"] for page in entities for one in page["PolicyGroups"]],
            [one["UserName"] for page in entities for one in page["PolicyUsers"]],
        ],
        "renamed": body(iam.update_group(**GROUP, NewGroupName="Dev", NewPath="/y/")),
        "userRenamed": body(iam.update_user(**ONE, NewUserName="Grace")),
        "afterwards": sorted(walked("get_group", "Users", "UserName", GroupName="Dev")),
        "conflict": refusal(iam.delete_group, GroupName="Dev"),
    }


def cleared(policy):
    iam.delete_user_policy(UserName="Grace", PolicyName="p")
    iam.detach_user_policy(UserName="Grace", **policy)
    for name in ("Grace", "Bob", "Eve"):
        iam.remove_user_from_group(GroupName="Dev", UserName=name)
        iam.delete_user(UserName=name)
    inUse = refusal(iam.delete_policy, **policy)
    iam.detach_group_policy(GroupName="Dev", **policy)
    iam.delete_group_policy(GroupName="Dev", PolicyName="g")
    iam.delete_group(GroupName="Dev")
    iam.create_role(RoleName="R", AssumeRolePolicyDocument=asked["trustPolicy"])
    iam.put_role_permissions_boundary(RoleName="R", PermissionsBoundary=policy["PolicyArn"])
    bounded = iam.get_role(RoleName="R")["Role"]["PermissionsBoundary"]
    iam.delete_role_permissions_boundary(RoleName="R")
    iam.delete_role(RoleName="R")
    iam.delete_policy(**policy)
    left = [walked("list_users", "Users"), walked("list_groups", "Groups"), walked("list_policies", "Policies", Scope="Local")]
    return {"inUse": inUse, "bounded": bounded, "left": left}


def waiters():
    """Each waiter finds nothing at first; that answer makes what it waits for, so that nothing depends on time."""
    waiting = client("iam")
    attempts = {"GetUser": [], "GetPolicy": []}
    account = iam.get_user()["User"]["UserId"]

    def maker(name, make):
        def seen(http_response, **_):
            attempts[name].append(http_response.status_code)
            if len(attempts[name]) == 1:
                make()

        waiting.meta.events.register(f"after-call.iam.{name}", seen)

    maker("GetUser", lambda: iam.create_user(UserName="Awaited"))
    maker("GetPolicy", lambda: iam.create_policy(PolicyName="Awaited", PolicyDocument=asked["policy"]))
    patience = {"Delay": 0, "MaxAttempts": 5}
    waiting.get_waiter("user_exists").wait(UserName="Awaited", WaiterConfig=patience)
    arn = f"arn:aws:iam::{account}:policy/Awaited"
    waiting.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig=patience)
    return attempts


policy, policyResults = policies()
results = {"policies": policyResults, "users": users(policy), "groups": groups(policy)}
results["cleared"] = cleared(policy)
results["waiters"] = waiters()
tell(results)
