variable "name" {
  description = "Name of the function; its log group is /aws/lambda/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name: 1 to 64 letters, digits, hyphens and underscores."
  }
}

variable "description" {
  description = "Description of the function, as the console shows it (at most 256 characters)."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.description) <= 256
    error_message = "description: at most 256 characters."
  }
}

variable "zip_file" {
  description = "Path of the deployment package: a zip with an executable `bootstrap` at its top. A file NAME.json beside NAME.zip, with `architecture` and the zip's `sha256` in hex or base64, records what the package was built for."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.zip_file, ".zip")
    error_message = "zip_file: the path of a .zip file."
  }
}

variable "build_hint" {
  description = "End of the error message when `zip_file` is missing: how to build it."
  type        = string
  default     = "Build it: CGO_ENABLED=0 GOOS=linux go build -tags lambda.norpc -o bootstrap, then zip the file bootstrap."
  nullable    = false
}

variable "architecture" {
  description = "Instruction set that `bootstrap` was built for: `x86_64` (GOARCH=amd64) or `arm64` (GOARCH=arm64, about a fifth cheaper)."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture: x86_64 or arm64."
  }
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda stops an invocation (1 to 900). With a queue as event source: less than its visibility timeout."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = floor(var.timeout_seconds) == var.timeout_seconds && var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds: a whole number from 1 to 900."
  }
}

variable "memory_mb" {
  description = "Memory in MB (128 to 10240); CPU is proportional to it."
  type        = number
  default     = 128
  nullable    = false

  validation {
    condition     = floor(var.memory_mb) == var.memory_mb && var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "memory_mb: a whole number from 128 to 10240."
  }
}

variable "environment" {
  description = "Environment variables of the function. No secrets: everyone who may read the function's configuration sees them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, _ in var.environment : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name))])
    error_message = "environment: names begin with a letter, followed by at least one letter, digit or underscore."
  }

  validation {
    condition = length(setintersection(keys(var.environment), [
      "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
      "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
      "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API",
      "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    ])) == 0
    error_message = "environment: the region, the credentials, AWS_LAMBDA_* and LAMBDA_* are reserved: Lambda sets them."
  }

  validation {
    condition     = length(jsonencode(var.environment)) <= 4096
    error_message = "environment: all names and values together at most 4 KB."
  }
}

variable "policy_statements" {
  description = <<-EOT
    Permissions of the function besides writing its own log. Each statement allows `actions` on `resources`, under
    `conditions` (`test` such as StringEquals, `variable` such as aws:SourceAccount, `values`). Wildcard actions and
    the resource * are refused.
  EOT
  type = list(object({
    sid       = optional(string)
    actions   = list(string)
    resources = list(string)
    conditions = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })), [])
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue(flatten([for s in var.policy_statements : [for a in s.actions : can(regex("^[a-z0-9-]+:[A-Za-z]+$", a))]]))
    error_message = join(" ", [
      "policy_statements: name each action in full, such as sqs:SendMessage. Wildcards (*, sqs:*, sqs:Get*) are",
      "refused: least privilege.",
    ])
  }

  validation {
    condition     = alltrue([for s in var.policy_statements : !contains(s.resources, "*")])
    error_message = "policy_statements: name the resources by ARN. Resource \"*\" is refused: least privilege."
  }

  validation {
    condition     = alltrue([for s in var.policy_statements : length(s.actions) > 0 && length(s.resources) > 0])
    error_message = "policy_statements: each statement needs at least one action and one resource."
  }
}

variable "role_name" {
  description = "Name of the function's role; null means the function's name with the region, since roles are global in an account."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null || can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name: 1 to 64 letters, digits and any of _+=,.@- or null."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the permissions boundary of the role; null sets none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn: the ARN of a policy (arn:aws:iam::ACCOUNT:policy/NAME), or null."
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrency of the function, which is both guaranteed and its maximum; null reserves none, 0 disables the function."
  type        = number
  default     = null

  validation {
    condition = try(
      floor(var.reserved_concurrency) == var.reserved_concurrency && var.reserved_concurrency >= 0,
      var.reserved_concurrency == null,
    )
    error_message = "reserved_concurrency: a whole number of 0 or more, or null."
  }
}

variable "recursive_loop" {
  description = <<-EOT
    Lambda's recursive loop detection: `Terminate` stops the function after about 16 invocations that were caused by its
    own messages, `Allow` does not.
  EOT
  type        = string
  default     = "Terminate"
  nullable    = false

  validation {
    condition     = contains(["Terminate", "Allow"], var.recursive_loop)
    error_message = "recursive_loop: Terminate or Allow."
  }
}

variable "tracing_mode" {
  description = "`Active` samples requests for X-Ray, `PassThrough` uses the caller's sampling decision."
  type        = string
  default     = "PassThrough"
  nullable    = false

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing_mode)
    error_message = "tracing_mode: Active or PassThrough."
  }
}

variable "log_retention_days" {
  description = "Days for which CloudWatch retains the log; 0 retains it forever, with a warning."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition = contains([
      0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    ], var.log_retention_days)
    error_message = join(" ", [
      "log_retention_days: 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,",
      "2557, 2922, 3288 or 3653.",
    ])
  }
}

variable "tags" {
  description = "Tags of the function, its role and its log group."
  type        = map(string)
  default     = {}
  nullable    = false
}
