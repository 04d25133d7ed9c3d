"""Makes a user with a key, roles with a trust policy and a policy each, and the providers of issuers; tells the key."""

from clients import client, given, tell

asked = given()
iam = client("iam")
iam.create_user(UserName="chain")
iam.put_user_policy(UserName="chain", PolicyName="p", PolicyDocument=asked["userPolicy"])
key = iam.create_access_key(UserName="chain")["AccessKey"]
for url in asked.get("issuers", []):
    iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"])
for name, role in asked["roles"].items():
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=role["trust"])
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=role["policy"])
tell({"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]})
