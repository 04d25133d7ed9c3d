"""Makes a user with a key, and roles with a trust policy and a policy each; tells the key."""

from clients import client, given, tell

asked = given()
iam = client("iam")
iam.create_user(UserName="chain")
iam.put_user_policy(UserName="chain", PolicyName="p", PolicyDocument=asked["userPolicy"])
key = iam.create_access_key(UserName="chain")["AccessKey"]
for name, role in asked["roles"].items():
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=role["trust"])
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=role["policy"])
tell({"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]})
