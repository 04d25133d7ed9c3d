# Who acts, what they may do, and how far: users, groups, roles, policies and boundaries, each in the provider's own way of
# reading it back.
locals {
  look = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = var.actions, Resource = "*" }]
  })
}

resource "aws_iam_policy" "own" {
  name        = "own"
  path        = "/apps/"
  description = "für <Tests> & co"
  policy      = local.look
  tags        = var.tags
}

resource "aws_iam_policy" "boundary" {
  name = "boundary"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["iam:*", "s3:*"], Resource = "*" }]
  })
}

resource "aws_iam_user" "ada" {
  name                 = "ada"
  path                 = "/${var.prefix}/"
  permissions_boundary = var.bounded ? aws_iam_policy.boundary.arn : null
  tags                 = var.tags
}

resource "aws_iam_user" "bob" {
  name = "bob"
}

resource "aws_iam_user_login_profile" "ada" {
  user                    = aws_iam_user.ada.name
  password_length         = 24
  password_reset_required = true
}

resource "aws_iam_access_key" "ada" {
  user   = aws_iam_user.ada.name
  status = var.enabled ? "Active" : "Inactive"
}

resource "aws_iam_user_policy" "ada" {
  name   = "look"
  user   = aws_iam_user.ada.name
  policy = local.look
}

resource "aws_iam_user_policy_attachment" "ada" {
  user       = aws_iam_user.ada.name
  policy_arn = data.aws_iam_policy.attached.arn
}

resource "aws_iam_group" "ops" {
  name = "ops"
  path = "/${var.prefix}/"
}

resource "aws_iam_group" "others" {
  name = "others"
}

resource "aws_iam_group_membership" "ops" {
  name  = "ops"
  group = aws_iam_group.ops.name
  users = var.enabled ? [aws_iam_user.ada.name, aws_iam_user.bob.name] : [aws_iam_user.ada.name]
}

resource "aws_iam_user_group_membership" "bob" {
  user   = aws_iam_user.bob.name
  groups = [aws_iam_group.others.name]
}

resource "aws_iam_group_policy" "ops" {
  name   = "look"
  group  = aws_iam_group.ops.name
  policy = local.look
}

resource "aws_iam_group_policy_attachment" "ops" {
  group      = aws_iam_group.ops.name
  policy_arn = aws_iam_policy.own.arn
}

resource "aws_iam_role" "pod" {
  name_prefix           = "pod-"
  permissions_boundary  = var.bounded ? null : aws_iam_policy.boundary.arn
  force_detach_policies = true
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.pods.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
    }]
  })
}

resource "aws_iam_policy" "shared" {
  name   = "shared"
  policy = local.look
}

# All that a policy is attached to. The provider counts those whom the policy bounds among them, so that it is no boundary.
resource "aws_iam_policy_attachment" "shared" {
  name       = "shared"
  policy_arn = aws_iam_policy.shared.arn
  users      = var.enabled ? [aws_iam_user.bob.name] : []
  groups     = [aws_iam_group.others.name]
  roles      = [aws_iam_role.pod.name]
}

resource "aws_iam_openid_connect_provider" "pods" {
  url             = "https://pods.example/clusters/${var.region}"
  client_id_list  = var.audiences
  thumbprint_list = [var.thumbprint]
  tags            = var.tags
}

resource "aws_iam_account_alias" "here" {
  account_alias = "${var.prefix}-alias"
}

resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = 16
  require_symbols                = var.enabled
  require_numbers                = true
  require_uppercase_characters   = true
  require_lowercase_characters   = true
  allow_users_to_change_password = true
  max_password_age               = var.enabled ? 90 : 0
  password_reuse_prevention      = 5
}

data "aws_iam_user" "ada" {
  user_name = aws_iam_user.ada.name
}

data "aws_iam_group" "ops" {
  group_name = aws_iam_group_membership.ops.group
}
