package lambda

import "github.com/reliableq/reliableq/localaws/awsapi"

// unsupportedOperations are the operations of AWS's model that are not embedded, for the edge to
// refuse by name: layers, code signing, function URLs, provisioned concurrency,
// response streams, durable executions, capacity providers and resource policies.
// GetLayerVersionByArn and ListProvisionedConcurrencyConfigs differ from others by
// their query string alone, and go by the names of those.
func unsupportedOperations() []awsapi.Operation {
	return []awsapi.Operation{
		{
			Name:   "AddLayerVersionPermission",
			Method: "POST",
			Path:   "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy",
		},
		{
			Name:   "CheckpointDurableExecution",
			Method: "POST",
			Path:   "/2025-12-01/durable-executions/{DurableExecutionArn}/checkpoint",
		},
		{
			Name:   "CreateCapacityProvider",
			Method: "POST",
			Path:   "/2025-11-30/capacity-providers",
		},
		{
			Name:   "CreateCodeSigningConfig",
			Method: "POST",
			Path:   "/2020-04-22/code-signing-configs",
		},
		{
			Name:   "CreateFunctionUrlConfig",
			Method: "POST",
			Path:   "/2021-10-31/functions/{FunctionName}/url",
		},
		{
			Name:   "DeleteCapacityProvider",
			Method: "DELETE",
			Path:   "/2025-11-30/capacity-providers/{CapacityProviderName}",
		},
		{
			Name:   "DeleteCodeSigningConfig",
			Method: "DELETE",
			Path:   "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}",
		},
		{
			Name:   "DeleteFunctionCodeSigningConfig",
			Method: "DELETE",
			Path:   "/2020-06-30/functions/{FunctionName}/code-signing-config",
		},
		{
			Name:   "DeleteFunctionUrlConfig",
			Method: "DELETE",
			Path:   "/2021-10-31/functions/{FunctionName}/url",
		},
		{
			Name:   "DeleteLayerVersion",
			Method: "DELETE",
			Path:   "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}",
		},
		{
			Name:   "DeleteProvisionedConcurrencyConfig",
			Method: "DELETE",
			Path:   "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
		},
		{
			Name:   "DeleteResourcePolicy",
			Method: "DELETE",
			Path:   "/2026-07-09/resource-policy/{ResourceArn}",
		},
		{
			Name:   "GetCapacityProvider",
			Method: "GET",
			Path:   "/2025-11-30/capacity-providers/{CapacityProviderName}",
		},
		{
			Name:   "GetCodeSigningConfig",
			Method: "GET",
			Path:   "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}",
		},
		{
			Name:   "GetDurableExecution",
			Method: "GET",
			Path:   "/2025-12-01/durable-executions/{DurableExecutionArn}",
		},
		{
			Name:   "GetDurableExecutionHistory",
			Method: "GET",
			Path:   "/2025-12-01/durable-executions/{DurableExecutionArn}/history",
		},
		{
			Name:   "GetDurableExecutionState",
			Method: "GET",
			Path:   "/2025-12-01/durable-executions/{DurableExecutionArn}/state",
		},
		{
			Name:   "GetFunctionScalingConfig",
			Method: "GET",
			Path:   "/2025-11-30/functions/{FunctionName}/function-scaling-config",
		},
		{
			Name:   "GetFunctionUrlConfig",
			Method: "GET",
			Path:   "/2021-10-31/functions/{FunctionName}/url",
		},
		{
			Name:   "GetLayerVersion",
			Method: "GET",
			Path:   "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}",
		},
		{
			Name:   "GetLayerVersionPolicy",
			Method: "GET",
			Path:   "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy",
		},
		{
			Name:   "GetProvisionedConcurrencyConfig",
			Method: "GET",
			Path:   "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
		},
		{
			Name:   "GetResourcePolicy",
			Method: "GET",
			Path:   "/2026-07-09/resource-policy/{ResourceArn}",
		},
		{
			Name:   "InvokeAsync",
			Method: "POST",
			Path:   "/2014-11-13/functions/{FunctionName}/invoke-async",
		},
		{
			Name:   "InvokeWithResponseStream",
			Method: "POST",
			Path:   "/2021-11-15/functions/{FunctionName}/response-streaming-invocations",
		},
		{
			Name:   "ListCapacityProviders",
			Method: "GET",
			Path:   "/2025-11-30/capacity-providers",
		},
		{
			Name:   "ListCodeSigningConfigs",
			Method: "GET",
			Path:   "/2020-04-22/code-signing-configs",
		},
		{
			Name:   "ListDurableExecutionsByFunction",
			Method: "GET",
			Path:   "/2025-12-01/functions/{FunctionName}/durable-executions",
		},
		{
			Name:   "ListFunctionUrlConfigs",
			Method: "GET",
			Path:   "/2021-10-31/functions/{FunctionName}/urls",
		},
		{
			Name:   "ListFunctionVersionsByCapacityProvider",
			Method: "GET",
			Path:   "/2025-11-30/capacity-providers/{CapacityProviderName}/function-versions",
		},
		{
			Name:   "ListFunctionsByCodeSigningConfig",
			Method: "GET",
			Path:   "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions",
		},
		{
			Name:   "ListLayerVersions",
			Method: "GET",
			Path:   "/2018-10-31/layers/{LayerName}/versions",
		},
		{
			Name:   "ListLayers",
			Method: "GET",
			Path:   "/2018-10-31/layers",
		},
		{
			Name:   "PublishLayerVersion",
			Method: "POST",
			Path:   "/2018-10-31/layers/{LayerName}/versions",
		},
		{
			Name:   "PutFunctionCodeSigningConfig",
			Method: "PUT",
			Path:   "/2020-06-30/functions/{FunctionName}/code-signing-config",
		},
		{
			Name:   "PutFunctionScalingConfig",
			Method: "PUT",
			Path:   "/2025-11-30/functions/{FunctionName}/function-scaling-config",
		},
		{
			Name:   "PutProvisionedConcurrencyConfig",
			Method: "PUT",
			Path:   "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
		},
		{
			Name:   "PutResourcePolicy",
			Method: "PUT",
			Path:   "/2026-07-09/resource-policy/{ResourceArn}",
		},
		{
			Name:   "RemoveLayerVersionPermission",
			Method: "DELETE",
			Path:   "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}",
		},
		{
			Name:   "SendDurableExecutionCallbackFailure",
			Method: "POST",
			Path:   "/2025-12-01/durable-execution-callbacks/{CallbackId}/fail",
		},
		{
			Name:   "SendDurableExecutionCallbackHeartbeat",
			Method: "POST",
			Path:   "/2025-12-01/durable-execution-callbacks/{CallbackId}/heartbeat",
		},
		{
			Name:   "SendDurableExecutionCallbackSuccess",
			Method: "POST",
			Path:   "/2025-12-01/durable-execution-callbacks/{CallbackId}/succeed",
		},
		{
			Name:   "StopDurableExecution",
			Method: "POST",
			Path:   "/2025-12-01/durable-executions/{DurableExecutionArn}/stop",
		},
		{
			Name:   "UpdateCapacityProvider",
			Method: "PUT",
			Path:   "/2025-11-30/capacity-providers/{CapacityProviderName}",
		},
		{
			Name:   "UpdateCodeSigningConfig",
			Method: "PUT",
			Path:   "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}",
		},
		{
			Name:   "UpdateFunctionUrlConfig",
			Method: "PUT",
			Path:   "/2021-10-31/functions/{FunctionName}/url",
		},
	}
}
