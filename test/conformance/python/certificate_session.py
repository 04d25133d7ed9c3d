"""CreateSession with a certificate; then boto3 with the credentials."""

from clients import client, given, refusal, tell
from sessions import create_session


def use(session):
    """What the credentials of a session may do, through boto3."""
    credentials = session["answer"]["credentialSet"][0]["credentials"]
    keys = dict(
        key=credentials["accessKeyId"], secret=credentials["secretAccessKey"], token=credentials["sessionToken"]
    )
    identity = client("sts", **keys).get_caller_identity()
    return {
        "identity": {name: identity[name] for name in ("UserId", "Account", "Arn")},
        "allowed": [one["RoleName"] for one in client("iam", **keys).list_roles()["Roles"]],
        "denied": refusal(client("iam", **keys).delete_role, RoleName="Worker"),
        "deniedAnywhere": refusal(client("rolesanywhere", **keys).list_profiles),
        "withoutToken": refusal(client("sts", **{**keys, "token": None}).get_caller_identity),
        "bentToken": refusal(client("sts", **{**keys, "token": keys["token"][:-4] + "AAAA"}).get_caller_identity),
    }


asked = given()
session = create_session(asked)
tell(
    {
        "session": session,
        "byQuery": create_session(asked, query=True),
        "bentBody": create_session(asked, bend=lambda body: body.replace(b'ds": 900', b'ds": 901')),
        "otherRole": create_session({**asked, "roleArn": asked["roleArn"] + "Other"}),
        **({"use": use(session)} if session["status"] == 201 else {}),
    }
)
