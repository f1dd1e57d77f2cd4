# A level's function was a module of its own before it became part of the level. Where a root calls this module by the
# name that it gave to that function, the function and what belongs to it stay as they are.

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
