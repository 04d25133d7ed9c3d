"""Every operation of Roles Anywhere that is served, with all members set, read back; paging; typed exceptions."""

from clients import client, given, refusal, tell

UNKNOWN = "00000000-0000-4000-8000-000000000000"
MANY = 130

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


def pages():
    for number in range(MANY):
        ra.create_profile(name=f"page {number:03}", roleArns=[])
    walked = list(ra.get_paginator("list_profiles").paginate(pageSize=40))
    first = ra.list_profiles(pageSize=1)
    return {
        "sizes": [len(page["profiles"]) for page in walked],
        "names": [one["name"] for page in walked for one in page["profiles"]],
        "defaultSizes": [len(page["profiles"]) for page in ra.get_paginator("list_profiles").paginate()],
        "foreignToken": refusal(ra.list_trust_anchors, nextToken=first["nextToken"]),
        "madeUpToken": refusal(ra.list_profiles, nextToken="made-up"),
        "noItems": refusal(ra.list_profiles, pageSize=0),
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


tell({"trustAnchor": trust_anchor(), "profile": profile(), "pages": pages(), "errors": errors()})
