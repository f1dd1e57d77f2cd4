variable "name_prefix" {
  description = "Prefix of every name, so that one account can have several deployments: with `test_`, the source queue is `test_reliable_q`."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z][A-Za-z0-9_-]{0,23})?$", var.name_prefix))
    error_message = "name_prefix: empty, or up to 24 letters, digits, hyphens and underscores that begin with a letter."
  }
}

variable "tags" {
  description = "Tags of every resource that can have tags."
  type        = map(string)
  default     = { project = "reliableq" }
  nullable    = false

  validation {
    condition     = length(var.tags) <= 50 && alltrue([for key, _ in var.tags : !startswith(lower(key), "aws:")])
    error_message = "tags: at most 50, none beginning with aws:."
  }
}

variable "dist_dir" {
  description = "Folder with `producer.zip`, `consumer.zip` and `retry.zip`, which `make build` writes."
  type        = string
  default     = "../dist"
  nullable    = false

  validation {
    condition     = var.dist_dir != "" && !endswith(var.dist_dir, "/")
    error_message = "dist_dir: a folder, without a slash at the end."
  }
}

variable "architecture" {
  description = "Instruction set the packages were built for: `x86_64` or `arm64`. On AWS arm64 costs less; the embedded AWS runs packages for the architecture of the computer only."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture: x86_64 or arm64."
  }
}
