"""AWS's managed policies, their attachments, tags of roles, and the service-linked role of Roles Anywhere."""

from clients import client, given, refusal, tell

iam = client("iam")
asked = given()
READ_ONLY = "arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly"
FULL_ACCESS = "arn:aws:iam::aws:policy/AWSRolesAnywhereFullAccess"
NOBODYS = "arn:aws:iam::aws:policy/NobodyHasWrittenThis"
SERVICE = "rolesanywhere.amazonaws.com"
LINKED = "AWSServiceRoleForRolesAnywhere"


def body(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def names(pages, member, name):
    return [one[name] for page in pages for one in page[member]]


def policies():
    one = {"PolicyArn": READ_ONLY}
    got = body(iam.get_policy(**one))
    version = {**one, "VersionId": got["Policy"]["DefaultVersionId"]}
    return {
        "got": got,
        "version": body(iam.get_policy_version(**version)),
        "versions": names(iam.get_paginator("list_policy_versions").paginate(**one), "Versions", "VersionId"),
        "aws": names(iam.get_paginator("list_policies").paginate(Scope="AWS"), "Policies", "Arn"),
        "local": names(iam.get_paginator("list_policies").paginate(Scope="Local"), "Policies", "Arn"),
        "onlyAttached": names(iam.get_paginator("list_policies").paginate(OnlyAttached=True), "Policies", "Arn"),
        "pages": [
            len(page["Policies"])
            for page in iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 1})
        ],
        "gone": refusal(iam.get_policy, PolicyArn=NOBODYS),
        "noVersion": refusal(iam.get_policy_version, **one, VersionId="v99"),
    }


def attachments():
    one = {"RoleName": "Attached"}
    iam.create_role(**one, AssumeRolePolicyDocument=asked["trustPolicy"])
    attached = iam.get_paginator("list_attached_role_policies")
    read_only, full_access = {**one, "PolicyArn": READ_ONLY}, {**one, "PolicyArn": FULL_ACCESS}
    results = {
        "attach": [body(iam.attach_role_policy(**policy)) for policy in (read_only, full_access, read_only)],
        "attached": names(attached.paginate(**one, PaginationConfig={"PageSize": 1}), "AttachedPolicies", "PolicyArn"),
        "names": names(attached.paginate(**one), "AttachedPolicies", "PolicyName"),
        "count": iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"],
        "roles": names(
            iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=READ_ONLY), "PolicyRoles", "RoleName"
        ),
        "nobodys": refusal(iam.attach_role_policy, **one, PolicyArn=NOBODYS),
        "noArn": refusal(iam.attach_role_policy, **one, PolicyArn="longpolicynamebutnoarn"),
        "noRole": refusal(iam.attach_role_policy, RoleName="Nobody", PolicyArn=READ_ONLY),
        "conflict": refusal(iam.delete_role, **one),
        "detach": [body(iam.detach_role_policy(**policy)) for policy in (read_only, full_access)],
        "detachedAgain": refusal(iam.detach_role_policy, **read_only),
        "left": names(attached.paginate(**one), "AttachedPolicies", "PolicyArn"),
        "countAfter": iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"],
    }
    iam.delete_role(**one)
    return results


def role_tags():
    one = {"RoleName": "Tagged"}
    iam.create_role(**one, AssumeRolePolicyDocument=asked["trustPolicy"], Tags=[{"Key": "a", "Value": "1"}])
    results = {
        "tag": body(iam.tag_role(**one, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])),
        "tagged": names(iam.get_paginator("list_role_tags").paginate(**one), "Tags", "Value"),
        "untag": body(iam.untag_role(**one, TagKeys=["a", "unknown"])),
        "left": body(iam.list_role_tags(**one)),
        "role": iam.get_role(**one)["Role"]["Tags"],
        "noRole": refusal(iam.tag_role, RoleName="Nobody", Tags=[]),
        "described": body(iam.update_role_description(**one, Description="text"))["Role"]["Description"],
    }
    iam.delete_role(**one)
    return results


def service_linked_role():
    made = body(iam.create_service_linked_role(AWSServiceName=SERVICE))
    results = {
        "made": made["Role"],
        "attached": names(
            iam.get_paginator("list_attached_role_policies").paginate(RoleName=LINKED), "AttachedPolicies", "PolicyArn"
        ),
        "again": refusal(iam.create_service_linked_role, AWSServiceName=SERVICE),
        "suffix": refusal(iam.create_service_linked_role, AWSServiceName=SERVICE, CustomSuffix="x"),
        "unknown": refusal(iam.create_service_linked_role, AWSServiceName="nobody.amazonaws.com"),
        "protected": refusal(iam.delete_role, RoleName=LINKED),
    }
    task = body(iam.delete_service_linked_role(RoleName=LINKED))["DeletionTaskId"]
    return {
        **results,
        "task": task,
        "status": body(iam.get_service_linked_role_deletion_status(DeletionTaskId=task)),
        "gone": refusal(iam.get_role, RoleName=LINKED),
    }


tell(
    {
        "policies": policies(),
        "attachments": attachments(),
        "roleTags": role_tags(),
        "serviceLinkedRole": service_linked_role(),
    }
)
