"""CRLs with all members set, read back; whom an enabled one keeps out; and the subjects that all of this leaves. The lists
are made and signed by `cryptography`."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from clients import client, given, refusal, tell
from sessions import create_session

UNKNOWN = "00000000-0000-4000-8000-000000000000"

ra = client("rolesanywhere")
asked = given()


def body(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def revocation_list(*serials, encoding=serialization.Encoding.PEM):
    now = datetime.datetime.now(datetime.timezone.utc)
    issuer = x509.load_pem_x509_certificate(asked["caPem"].encode())
    key = serialization.load_pem_private_key(asked["caKeyPem"].encode(), password=None)
    made = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
    made = made.last_update(now - datetime.timedelta(minutes=5)).next_update(now + datetime.timedelta(days=1))
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        made = made.add_revoked_certificate(entry.build())
    made = made.add_extension(x509.CRLNumber(7), critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(encoding)


def crl():
    # The certificate with serial number 1 is nobody's.
    first, second = revocation_list(1), revocation_list(1, 2, encoding=serialization.Encoding.DER)
    anchor = {"trustAnchorArn": asked["trustAnchorArn"]}
    answer = ra.import_crl(name="boto3 CRL", crlData=first, enabled=True, tags=[{"key": "a", "value": ""}], **anchor)
    created = body(answer)
    one = {"crlId": created["crl"]["crlId"]}
    arn = {"resourceArn": created["crl"]["crlArn"]}
    by_default = body(ra.import_crl(name="boto3 default", crlData=first, **anchor))
    return {
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "first": first,
        "second": second,
        "created": created,
        "tags": body(ra.list_tags_for_resource(**arn)),
        "got": body(ra.get_crl(**one)),
        "byDefault": by_default,
        "listed": [page["crls"] for page in ra.get_paginator("list_crls").paginate(pageSize=1)],
        "oneTooMany": refusal(ra.import_crl, name="third", crlData=first, **anchor),
        "deletedOther": body(ra.delete_crl(crlId=by_default["crl"]["crlId"])),
        "updated": body(ra.update_crl(**one, name="boto3 CRL 2", crlData=second)),
        "disabled": body(ra.disable_crl(**one)),
        "enabled": body(ra.enable_crl(**one)),
        "noList": refusal(ra.update_crl, **one, crlData=b"no list"),
        "importedNoList": refusal(ra.import_crl, name="bad", crlData=b"no list", **anchor),
        "noAnchor": refusal(
            ra.import_crl,
            name="bad",
            crlData=first,
            trustAnchorArn=asked["trustAnchorArn"].rsplit("/", 1)[0] + "/" + UNKNOWN,
        ),
        "missing": refusal(ra.import_crl),
        "deleted": body(ra.delete_crl(**one)),
        "gone": refusal(ra.get_crl, **one),
    }


def session(leaf, **more):
    arns = {name: asked[name] for name in ("trustAnchorArn", "profileArn", "roleArn")}
    seen = create_session({**arns, **asked[leaf], "durationSeconds": 900, **more})
    return [seen["status"], *([] if seen["status"] == 201 else [seen["code"], seen["answer"]["message"]])]


def revocation():
    """Each line is one attempt: the status, and the code and the sentence of a refusal."""
    serial = int(asked["revoked"]["serialNumber"])
    properties = {"instanceProperties": {"hostname": "web-1", "ami": "ami-1"}}
    lines = {"before": session("revoked", **properties), "other": session("spared")}
    made = ra.import_crl(name="revokes", crlData=revocation_list(serial), trustAnchorArn=asked["trustAnchorArn"])
    one = {"crlId": made["crl"]["crlId"]}
    lines["imported, not enabled"] = session("revoked")
    ra.enable_crl(**one)
    lines["enabled"] = session("revoked")
    lines["other, enabled"] = session("spared")
    ra.disable_crl(**one)
    lines["disabled"] = session("revoked")
    ra.enable_crl(**one)
    lines["enabled again"] = session("revoked")
    ra.update_crl(**one, crlData=revocation_list())
    lines["updated"] = session("revoked")
    ra.update_crl(**one, crlData=revocation_list(serial))
    lines["updated again"] = session("revoked")
    ra.delete_crl(**one)
    lines["deleted"] = session("revoked")
    return lines


def subjects():
    """After `revocation`: two certificates, two subjects."""
    session("spared", roleArn=asked["roleArn"] + "Other")
    pages = [page["subjects"] for page in ra.get_paginator("list_subjects").paginate(pageSize=1)]
    details = [ra.get_subject(subjectId=one["subjectId"])["subject"] for page in pages for one in page]
    arn = {"resourceArn": details[0]["subjectArn"]}
    ra.tag_resource(**arn, tags=[{"key": "seen", "value": "yes"}])
    return {
        "pages": pages,
        "details": details,
        "tags": body(ra.list_tags_for_resource(**arn)),
        "unknown": refusal(ra.get_subject, subjectId=UNKNOWN),
    }


tell({"crl": crl(), "revocation": revocation(), "subjects": subjects()})
