# The provider, and one of each resource that Roles Anywhere and its roles need. The server is named by endpoints alone; the
# credentials are validated, and the account id is asked for, as against AWS.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                  = var.region
  access_key              = var.access_key_id
  secret_key              = var.secret_access_key
  skip_metadata_api_check = true

  endpoints {
    iam           = var.url
    rolesanywhere = var.url
    sts           = var.url
  }

  default_tags {
    tags = { suite = "conformance" }
  }
}

data "aws_caller_identity" "me" {}

# By name: the provider lists policies until it finds it.
data "aws_iam_policy" "attached" {
  name = var.attached_policy
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    principals {
      type        = "Service"
      identifiers = ["rolesanywhere.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/x509Subject/OU"
      values   = [var.unit]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_rolesanywhere_trust_anchor.pki.arn]
    }
  }
}

resource "aws_rolesanywhere_trust_anchor" "pki" {
  name    = "${var.prefix} anchor"
  enabled = var.enabled

  source {
    source_type = "CERTIFICATE_BUNDLE"
    source_data {
      x509_certificate_data = var.ca_pem
    }
  }

  # The provider replaces the trust anchor to change these.
  notification_settings {
    channel   = "ALL"
    enabled   = true
    event     = "CA_CERTIFICATE_EXPIRY"
    threshold = 30
  }

  notification_settings {
    channel   = "ALL"
    enabled   = true
    event     = "END_ENTITY_CERTIFICATE_EXPIRY"
    threshold = 15
  }

  tags = var.tags
}

resource "aws_iam_role" "app" {
  name                 = "app"
  path                 = "/apps/"
  description          = "${var.prefix}: für <Tests> & co"
  max_session_duration = var.max_session_duration
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "look" {
  name = "look"
  role = aws_iam_role.app.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = var.actions, Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "rolesanywhere" {
  role       = aws_iam_role.app.name
  policy_arn = data.aws_iam_policy.attached.arn
}

resource "aws_iam_instance_profile" "servers" {
  name = "servers"
  path = "/servers/"
  role = aws_iam_role.app.name
  tags = var.tags
}

resource "aws_rolesanywhere_profile" "app" {
  name                = "${var.prefix} profile"
  enabled             = var.enabled
  duration_seconds    = var.max_session_duration
  role_arns           = [aws_iam_role.app.arn]
  managed_policy_arns = [data.aws_iam_policy.attached.arn]
  tags                = var.tags

  # Spaces and order are the writer's: an answer in other words would be a change to make at each plan.
  session_policy = <<-JSON
    { "Version": "2012-10-17",
      "Statement": { "Resource": "*", "Effect": "Allow", "Action": ${jsonencode(var.actions)} } }
  JSON
}

output "account_id" {
  value = data.aws_caller_identity.me.account_id
}

output "role_arn" {
  value = aws_iam_role.app.arn
}

output "trust_anchor_id" {
  value = aws_rolesanywhere_trust_anchor.pki.id
}

output "profile_id" {
  value = aws_rolesanywhere_profile.app.id
}

output "attached_policy_document" {
  value = data.aws_iam_policy.attached.policy
}
