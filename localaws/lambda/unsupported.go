package lambda

import "github.com/reliableq/reliableq/localaws/awsapi"

// unsupportedOperations returns the operations of AWS's model that are not embedded, so
// that the gateway can refuse them by name: layers, code signing, function URLs,
// provisioned concurrency, response streams, durable executions, capacity providers and
// resource policies. GetLayerVersionByArn and ListProvisionedConcurrencyConfigs differ
// from others by their query string alone and are refused under the names of those.
func unsupportedOperations() []awsapi.Operation {
	table := []struct{ name, method, path string }{
		{"AddLayerVersionPermission", "POST", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy"},
		{"CheckpointDurableExecution", "POST", "/2025-12-01/durable-executions/{DurableExecutionArn}/checkpoint"},
		{"CreateCapacityProvider", "POST", "/2025-11-30/capacity-providers"},
		{"CreateCodeSigningConfig", "POST", "/2020-04-22/code-signing-configs"},
		{"CreateFunctionUrlConfig", "POST", "/2021-10-31/functions/{FunctionName}/url"},
		{"DeleteCapacityProvider", "DELETE", "/2025-11-30/capacity-providers/{CapacityProviderName}"},
		{"DeleteCodeSigningConfig", "DELETE", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}"},
		{"DeleteFunctionCodeSigningConfig", "DELETE", "/2020-06-30/functions/{FunctionName}/code-signing-config"},
		{"DeleteFunctionUrlConfig", "DELETE", "/2021-10-31/functions/{FunctionName}/url"},
		{"DeleteLayerVersion", "DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}"},
		{"DeleteProvisionedConcurrencyConfig", "DELETE", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency"},
		{"DeleteResourcePolicy", "DELETE", "/2026-07-09/resource-policy/{ResourceArn}"},
		{"GetCapacityProvider", "GET", "/2025-11-30/capacity-providers/{CapacityProviderName}"},
		{"GetCodeSigningConfig", "GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}"},
		{"GetDurableExecution", "GET", "/2025-12-01/durable-executions/{DurableExecutionArn}"},
		{"GetDurableExecutionHistory", "GET", "/2025-12-01/durable-executions/{DurableExecutionArn}/history"},
		{"GetDurableExecutionState", "GET", "/2025-12-01/durable-executions/{DurableExecutionArn}/state"},
		{"GetFunctionScalingConfig", "GET", "/2025-11-30/functions/{FunctionName}/function-scaling-config"},
		{"GetFunctionUrlConfig", "GET", "/2021-10-31/functions/{FunctionName}/url"},
		{"GetLayerVersion", "GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}"},
		{"GetLayerVersionPolicy", "GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy"},
		{"GetProvisionedConcurrencyConfig", "GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency"},
		{"GetResourcePolicy", "GET", "/2026-07-09/resource-policy/{ResourceArn}"},
		{"InvokeAsync", "POST", "/2014-11-13/functions/{FunctionName}/invoke-async"},
		{"InvokeWithResponseStream", "POST", "/2021-11-15/functions/{FunctionName}/response-streaming-invocations"},
		{"ListCapacityProviders", "GET", "/2025-11-30/capacity-providers"},
		{"ListCodeSigningConfigs", "GET", "/2020-04-22/code-signing-configs"},
		{"ListDurableExecutionsByFunction", "GET", "/2025-12-01/functions/{FunctionName}/durable-executions"},
		{"ListFunctionUrlConfigs", "GET", "/2021-10-31/functions/{FunctionName}/urls"},
		{"ListFunctionVersionsByCapacityProvider", "GET", "/2025-11-30/capacity-providers/{CapacityProviderName}/function-versions"},
		{"ListFunctionsByCodeSigningConfig", "GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions"},
		{"ListLayerVersions", "GET", "/2018-10-31/layers/{LayerName}/versions"},
		{"ListLayers", "GET", "/2018-10-31/layers"},
		{"PublishLayerVersion", "POST", "/2018-10-31/layers/{LayerName}/versions"},
		{"PutFunctionCodeSigningConfig", "PUT", "/2020-06-30/functions/{FunctionName}/code-signing-config"},
		{"PutFunctionScalingConfig", "PUT", "/2025-11-30/functions/{FunctionName}/function-scaling-config"},
		{"PutProvisionedConcurrencyConfig", "PUT", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency"},
		{"PutResourcePolicy", "PUT", "/2026-07-09/resource-policy/{ResourceArn}"},
		{"RemoveLayerVersionPermission", "DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}"},
		{"SendDurableExecutionCallbackFailure", "POST", "/2025-12-01/durable-execution-callbacks/{CallbackId}/fail"},
		{"SendDurableExecutionCallbackHeartbeat", "POST", "/2025-12-01/durable-execution-callbacks/{CallbackId}/heartbeat"},
		{"SendDurableExecutionCallbackSuccess", "POST", "/2025-12-01/durable-execution-callbacks/{CallbackId}/succeed"},
		{"StopDurableExecution", "POST", "/2025-12-01/durable-executions/{DurableExecutionArn}/stop"},
		{"UpdateCapacityProvider", "PUT", "/2025-11-30/capacity-providers/{CapacityProviderName}"},
		{"UpdateCodeSigningConfig", "PUT", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}"},
		{"UpdateFunctionUrlConfig", "PUT", "/2021-10-31/functions/{FunctionName}/url"},
	}

	operations := make([]awsapi.Operation, len(table))
	for i, row := range table {
		operations[i] = awsapi.Operation{
			Name:   row.name,
			Method: row.method,
			Path:   row.path,
		}
	}
	return operations
}
