# What the user may do, decided by the server over all that the user has here: its own policies, its group's, its boundary.
data "aws_iam_principal_policy_simulation" "ada" {
  policy_source_arn = aws_iam_user.ada.arn
  action_names      = ["s3:GetObject", "s3:PutObject"]
  resource_arns     = ["arn:aws:s3:::bucket/key"]

  context {
    key    = "aws:username"
    type   = "string"
    values = [aws_iam_user.ada.name]
  }

  depends_on = [
    aws_iam_user_policy.ada,
    aws_iam_user_policy_attachment.ada,
    aws_iam_group_membership.ops,
    aws_iam_group_policy.ops,
    aws_iam_group_policy_attachment.ops,
  ]
}

output "may" {
  value = { for one in data.aws_iam_principal_policy_simulation.ada.results : one.action_name => one.decision }
}

output "may_all" {
  value = data.aws_iam_principal_policy_simulation.ada.all_allowed
}
