"""Every operation of Roles Anywhere that is served, with all members set, read back; paging; typed exceptions."""

from clients import client, given, refusal, tell

UNKNOWN = "00000000-0000-4000-8000-000000000000"
MANY = 1000

ra = client("rolesanywhere")
asked = given()


def body(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def trust_anchor():
    settings = [
        {"enabled": True, "event": "CA_CERTIFICATE_EXPIRY", "threshold": 60, "channel": "ALL"},
        {"enabled": False, "event": "END_ENTITY_CERTIFICATE_EXPIRY"},
    ]
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": asked["caPem"]}}
    answer = ra.create_trust_anchor(
        name="boto3 anchor",
        source=source,
        enabled=True,
        tags=[{"key": "team", "value": "pki"}, {"key": "empty", "value": ""}],
        notificationSettings=settings,
    )
    created = body(answer)
    one = {"trustAnchorId": created["trustAnchor"]["trustAnchorId"]}
    other = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": asked["otherPem"]}}
    return {
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "requestId": answer["ResponseMetadata"].get("RequestId"),
        "created": created,
        "got": body(ra.get_trust_anchor(**one)),
        "listed": body(ra.list_trust_anchors()),
        "updated": body(ra.update_trust_anchor(**one, name="boto3 anchor 2", source=other)),
        "disabled": body(ra.disable_trust_anchor(**one)),
        "enabled": body(ra.enable_trust_anchor(**one)),
        "deleted": body(ra.delete_trust_anchor(**one)),
        "gone": refusal(ra.get_trust_anchor, **one),
        "badPem": refusal(
            ra.create_trust_anchor,
            name="bad",
            source={"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": "no certificate"}},
        ),
        "notCa": refusal(
            ra.create_trust_anchor,
            name="bad",
            source={"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": asked["leafPem"]}},
        ),
    }


def profile():
    members = dict(
        name="boto3 profile",
        roleArns=asked["roleArns"],
        requireInstanceProperties=True,
        sessionPolicy=asked["sessionPolicy"],
        managedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        durationSeconds=1800,
        enabled=True,
        tags=[{"key": "team", "value": "apps"}],
        acceptRoleSessionName=True,
    )
    created = body(ra.create_profile(**members))
    one = {"profileId": created["profile"]["profileId"]}
    subject = {"certificateField": "x509Subject"}
    return {
        "created": created,
        "got": body(ra.get_profile(**one)),
        "updated": body(
            ra.update_profile(
                **one,
                name="boto3 profile 2",
                roleArns=[],
                managedPolicyArns=[],
                durationSeconds=43200,
                acceptRoleSessionName=False,
                sessionPolicy=asked["otherSessionPolicy"],
            )
        ),
        "unchanged": body(ra.update_profile(**one)),
        "disabled": body(ra.disable_profile(**one)),
        "enabled": body(ra.enable_profile(**one)),
        "put": body(
            ra.put_attribute_mapping(
                **one, **subject, mappingRules=[{"specifier": "CN"}, {"specifier": "OU"}, {"specifier": "1.2.3.4"}]
            )
        ),
        "deletedRules": body(ra.delete_attribute_mapping(**one, **subject, specifiers=["OU", "1.2.3.4"])),
        "deletedField": body(ra.delete_attribute_mapping(**one, certificateField="x509SAN")),
        "deletedUnknownRule": refusal(ra.delete_attribute_mapping, **one, **subject, specifiers=["L"]),
        "deleted": body(ra.delete_profile(**one)),
        "gone": refusal(ra.enable_profile, **one),
    }


def notification_settings():
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": asked["caPem"]}}
    created = body(ra.create_trust_anchor(name="notified", source=source))
    one = {"trustAnchorId": created["trustAnchor"]["trustAnchorId"]}
    setting = {"event": "CA_CERTIFICATE_EXPIRY", "channel": "ALL", "enabled": True, "threshold": 360}
    other = {"event": "END_ENTITY_CERTIFICATE_EXPIRY", "enabled": False}
    key = {"event": "CA_CERTIFICATE_EXPIRY", "channel": "ALL"}
    return {
        "created": created,
        "put": body(ra.put_notification_settings(**one, notificationSettings=[setting])),
        "putOther": body(ra.put_notification_settings(**one, notificationSettings=[other])),
        "got": body(ra.get_trust_anchor(**one)),
        "reset": body(ra.reset_notification_settings(**one, notificationSettingKeys=[key])),
        "noThreshold": refusal(
            ra.put_notification_settings, **one, notificationSettings=[{**other, "enabled": True}]
        ),
        "unknownEvent": refusal(
            ra.put_notification_settings, **one, notificationSettings=[{**setting, "event": "EVERYTHING"}]
        ),
        "unknown": refusal(ra.reset_notification_settings, trustAnchorId=UNKNOWN, notificationSettingKeys=[key]),
        "deleted": body(ra.delete_trust_anchor(**one)),
    }


def tags():
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": asked["caPem"]}}
    made = ra.create_trust_anchor(name="tagged", source=source, tags=[{"key": "kept", "value": "1"}])["trustAnchor"]
    plain = ra.create_profile(name="tagged", roleArns=[])["profile"]
    arn = {"resourceArn": made["trustAnchorArn"]}
    many = [{"key": f"key {number}", "value": ""} for number in range(200)]
    results = {
        "created": body(ra.list_tags_for_resource(**arn)),
        "none": body(ra.list_tags_for_resource(resourceArn=plain["profileArn"])),
    }
    answer = ra.tag_resource(**arn, tags=[{"key": "kept", "value": "2"}, {"key": "a:/=+@b.-_ c", "value": "x y"}])
    results |= {
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "tag": body(answer),
        "tagged": body(ra.list_tags_for_resource(**arn)),
        "untag": body(ra.untag_resource(**arn, tagKeys=["kept", "unknown"])),
        "untagged": body(ra.list_tags_for_resource(**arn)),
        "tooMany": refusal(ra.tag_resource, **arn, tags=many),
        "reserved": refusal(ra.tag_resource, **arn, tags=[{"key": "aws:x", "value": ""}]),
        "unknown": refusal(ra.tag_resource, resourceArn=arn["resourceArn"][:-36] + UNKNOWN, tags=[]),
        "afterRefusals": body(ra.list_tags_for_resource(**arn)),
    }
    ra.delete_trust_anchor(trustAnchorId=made["trustAnchorId"])
    ra.delete_profile(profileId=plain["profileId"])
    results["gone"] = refusal(ra.list_tags_for_resource, **arn)
    return results


def pages():
    for number in range(MANY):
        ra.create_profile(name=f"page {number:04}", roleArns=[])
    walked = list(ra.get_paginator("list_profiles").paginate(pageSize=90))
    first = ra.list_profiles(pageSize=1)
    return {
        "sizes": [len(page["profiles"]) for page in walked],
        "names": [one["name"] for page in walked for one in page["profiles"]],
        "defaultSizes": [len(page["profiles"]) for page in ra.get_paginator("list_profiles").paginate()],
        "foreignToken": refusal(ra.list_trust_anchors, nextToken=first["nextToken"]),
        "madeUpToken": refusal(ra.list_profiles, nextToken="made-up"),
        "noItems": refusal(ra.list_profiles, pageSize=0),
        # The server was started with room for exactly these.
        "oneTooMany": refusal(ra.create_profile, name="one too many", roleArns=[]),
    }


def errors():
    return {
        "invalid": refusal(ra.create_profile, name="bad/name", roleArns=["arn:aws:s3:::bucket"], durationSeconds=1),
        "missing": refusal(ra.create_profile),
        "unknown": refusal(ra.get_profile, profileId=UNKNOWN),
        "malformedId": refusal(ra.get_profile, profileId="short"),
        "wrongSecret": refusal(client("rolesanywhere", secret="wrong" * 8).list_profiles),
        "unknownKey": refusal(client("rolesanywhere", key="AKIANOBODYNOBODYNOBO").list_profiles),
        "otherRegion": [p["name"] for p in client("rolesanywhere", region="us-west-2").list_profiles()["profiles"]],
    }


tell(
    {
        "trustAnchor": trust_anchor(),
        "profile": profile(),
        "notificationSettings": notification_settings(),
        "tags": tags(),
        "pages": pages(),
        "errors": errors(),
    }
)
