# Earlier versions created a level's function in a separate module go-function. If the call of this module has the name of
# that module call, these moves retain the function and its role, policy and log group.

moved {
  from = aws_cloudwatch_log_group.this
  to   = module.function.aws_cloudwatch_log_group.this
}

moved {
  from = aws_iam_role.this
  to   = module.function.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.this
  to   = module.function.aws_iam_role_policy.this
}

moved {
  from = aws_lambda_function.this
  to   = module.function.aws_lambda_function.this
}

moved {
  from = aws_lambda_function_recursion_config.this
  to   = module.function.aws_lambda_function_recursion_config.this
}
