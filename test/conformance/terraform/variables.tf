# What the test gives: the server and its key, and the attributes that change between the two applies.
variable "url" {
  type = string
}

variable "region" {
  type = string
}

variable "access_key_id" {
  type = string
}

variable "secret_access_key" {
  type      = string
  sensitive = true
}

variable "ca_pem" {
  type = string
}

variable "prefix" {
  type = string
}

variable "enabled" {
  type = bool
}

variable "unit" {
  type = string
}

variable "max_session_duration" {
  type = number
}

variable "actions" {
  type = list(string)
}

variable "attached_policy" {
  type = string
}

variable "tags" {
  type = map(string)
}

variable "bounded" {
  type = bool
}

variable "audiences" {
  type = list(string)
}

variable "thumbprint" {
  type = string
}
