# One Lambda function from a zip with a bootstrap binary, with a role that allows writing its own log and
# policy_statements.

data "aws_region" "current" {}

locals {
  log_group_name = "/aws/lambda/${var.name}"

  # Roles are global in an account and functions are not, so a role's name contains the region. A name that is
  # too long is truncated, and ends in a hash of the full name to stay unique.
  full_role_name = "${var.name}-${data.aws_region.current.id}"
  role_name = coalesce(var.role_name, length(local.full_role_name) <= 64 ? local.full_role_name :
  "${substr(local.full_role_name, 0, 55)}-${substr(sha256(local.full_role_name), 0, 8)}")

  # The build's record of the package: NAME.json beside NAME.zip. It is ignored unless it contains the hash of the zip. The
  # architecture is only checked with a record, since a zip alone does not say what its binary was built for.
  record_file = replace(var.zip_file, "/[.]zip$/", ".json")
  record      = try(jsondecode(file(local.record_file)), {})
  built_for   = try(contains([filesha256(var.zip_file), filebase64sha256(var.zip_file)], local.record.sha256) ? tostring(local.record.architecture) : null, null)

  # X-Ray actions only accept the resource *, which policy_statements refuses.
  tracing_statements = var.tracing_mode != "Active" ? [] : [{
    Sid       = "Trace"
    Effect    = "Allow"
    Action    = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    Resource  = ["*"]
    Condition = null
  }]

  statements = concat(
    [{
      Sid       = "WriteOwnLog"
      Effect    = "Allow"
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = ["${aws_cloudwatch_log_group.this.arn}:*"]
      Condition = null
    }],
    local.tracing_statements,
    [for s in var.policy_statements : {
      Sid      = s.sid
      Effect   = "Allow"
      Action   = s.actions
      Resource = s.resources
      Condition = length(s.conditions) == 0 ? null : {
        for test in distinct(s.conditions[*].test) : test => { for c in s.conditions : c.variable => c.values if c.test == test }
      }
    }],
  )

  # IAM refuses members that are null.
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in local.statements : { for name, value in s : name => value if value != null }]
  })

  trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  name                 = local.role_name
  description          = "Runs the Lambda function ${var.name}."
  assume_role_policy   = local.trust_policy
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "function"
  role   = aws_iam_role.this.id
  policy = local.policy
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn

  filename         = var.zip_file
  source_code_hash = try(filebase64sha256(var.zip_file), null)
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]

  timeout                        = var.timeout_seconds
  memory_size                    = var.memory_mb
  reserved_concurrent_executions = var.reserved_concurrency

  dynamic "environment" {
    for_each = length(var.environment) > 0 ? [var.environment] : []
    content {
      variables = environment.value
    }
  }

  tracing_config {
    mode = var.tracing_mode
  }

  tags = var.tags

  # AWS refuses an event source mapping while the role lacks the queue's permissions, and an invocation before the log
  # group exists creates one without retention. So what depends on the function also depends on these two.
  depends_on = [aws_iam_role_policy.this, aws_cloudwatch_log_group.this]

  lifecycle {
    precondition {
      condition     = fileexists(var.zip_file)
      error_message = "The deployment package ${var.zip_file} of function ${var.name} does not exist. ${var.build_hint}"
    }

    precondition {
      condition = coalesce(local.built_for, var.architecture) == var.architecture
      error_message = join(" ", [
        "The deployment package ${var.zip_file} of function ${var.name} was built for ${coalesce(local.built_for, "-")}, as",
        "${local.record_file} records, but architecture is ${var.architecture}: Lambda could not run it. Build it for",
        "${var.architecture}, or set architecture = \"${coalesce(local.built_for, "-")}\".",
      ])
    }
  }
}

# Terminate is Lambda's default, and Lambda returns to it when this resource is destroyed.
resource "aws_lambda_function_recursion_config" "this" {
  count = var.recursive_loop == "Terminate" ? 0 : 1

  function_name  = aws_lambda_function.this.function_name
  recursive_loop = var.recursive_loop
}

check "log_retention" {
  assert {
    condition     = var.log_retention_days != 0
    error_message = "${local.log_group_name} retains its log forever, so its cost grows without limit. Set log_retention_days."
  }
}
