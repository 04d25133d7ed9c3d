"""The account as a whole: simulations, details, reports, aliases, passwords; walked and waited for as programs do."""

from clients import client, given, refusal, tell

iam = client("iam")
asked = given()
ONE = {"UserName": "Ada"}


def body(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def simulations(arn):
    actions = {"ActionNames": ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"], "ResourceArns": ["arn:aws:s3:::b/k"]}
    entry = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": ["192.0.2.7"]}

    def walked(operation, **more):
        pages = iam.get_paginator(operation).paginate(**actions, **more, PaginationConfig={"PageSize": 1})
        results = [one for page in pages for one in page["EvaluationResults"]]
        return [[one["EvalActionName"], one["EvalDecision"], one.get("MissingContextValues", [])] for one in results]

    policies = {"PolicyInputList": [asked["conditional"]]}
    matched = iam.simulate_custom_policy(**policies, **actions, ContextEntries=[entry])["EvaluationResults"][0]
    return {
        "principal": walked("simulate_principal_policy", PolicySourceArn=arn),
        "withContext": walked("simulate_principal_policy", PolicySourceArn=arn, ContextEntries=[entry]),
        "custom": walked("simulate_custom_policy", **policies),
        "matched": matched["MatchedStatements"],
        "keys": iam.get_context_keys_for_custom_policy(**policies)["ContextKeyNames"],
        "keysOfPrincipal": iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"],
        "nobody": refusal(iam.simulate_principal_policy, PolicySourceArn=arn + "x", ActionNames=["s3:GetObject"]),
        "malformed": refusal(iam.simulate_custom_policy, PolicyInputList=["{"], ActionNames=["s3:GetObject"]),
    }


def account():
    iam.create_account_alias(AccountAlias="boto3-alias")
    iam.update_account_password_policy(MinimumPasswordLength=12, MaxPasswordAge=30)
    weak = refusal(iam.create_login_profile, **ONE, Password="short")
    iam.create_login_profile(**ONE, Password="Long-enough-passw0rd", PasswordResetRequired=True)
    states = [iam.generate_credential_report()["State"]]
    while states[-1] != "COMPLETE" and len(states) < 10:
        states.append(iam.generate_credential_report()["State"])
    report = iam.get_credential_report()
    details = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User", "LocalManagedPolicy"], PaginationConfig={"PageSize": 1}
    )
    job = iam.generate_service_last_accessed_details(Arn=iam.get_user(**ONE)["User"]["Arn"])["JobId"]
    results = {
        "aliases": [one for page in iam.get_paginator("list_account_aliases").paginate() for one in page["AccountAliases"]],
        "passwords": iam.get_account_password_policy()["PasswordPolicy"],
        "weak": weak,
        "login": body(iam.get_login_profile(**ONE)),
        "state": states[-1],
        "format": report["ReportFormat"],
        "rows": [row.split(",")[0] for row in report["Content"].decode().splitlines()],
        "details": [one["UserName"] for page in details for one in page.get("UserDetailList", [])],
        "job": iam.get_service_last_accessed_details(JobId=job)["JobStatus"],
        "summary": {name: iam.get_account_summary()["SummaryMap"][name] for name in ("Users", "Policies")},
    }
    iam.delete_login_profile(**ONE)
    iam.delete_account_alias(AccountAlias="boto3-alias")
    iam.delete_account_password_policy()
    results["gone"] = [refusal(iam.get_login_profile, **ONE), refusal(iam.get_account_password_policy)]
    return results


user = iam.create_user(**ONE)["User"]
iam.put_user_policy(**ONE, PolicyName="p", PolicyDocument=asked["conditional"])
tell({"simulations": simulations(user["Arn"]), "account": account()})
