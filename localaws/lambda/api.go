package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// API returns Lambda's table of operations. It includes those of event source mappings
// after AttachMappings.
func (s *Service) API() *awsapi.Service {
	ops := s.functionOperations()
	ops = append(ops, s.configurationOperations()...)
	ops = append(ops, s.mappingOperations...)
	return &awsapi.Service{
		Name:       "lambda",
		Operations: awsapi.Table(ops...),
		Refused:    unsupportedOperations(),
	}
}

const (
	functionsPath    = "/2015-03-31/functions"
	functionPath     = functionsPath + "/{FunctionName}"
	aliasPath        = functionPath + "/aliases/{Name}"
	invokeConfigPath = "/2019-09-25/functions/{FunctionName}/event-invoke-config"
	tagsPath         = "/2017-03-31/tags/{Resource}"
	runtimePath      = "/2021-07-20/functions/{FunctionName}/runtime-management-config"
	recursionPath    = "/2024-08-31/functions/{FunctionName}/recursion-config"
)

// functionOperations returns the operations on functions, versions and aliases (LAM C1).
func (s *Service) functionOperations() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Op("CreateFunction", s.CreateFunction, s.accessCreateFunction).
			AtPath("POST", functionsPath, 201),
		awsapi.Op("ListFunctions", s.ListFunctions, accessListFunctions).
			AtPath("GET", functionsPath, 200),
		awsapi.Op("GetFunction", s.GetFunction, accessTo(s, "GetFunction", qualifiedTarget)).
			AtPath("GET", functionPath, 200),
		awsapi.OpNoOutput("DeleteFunction", s.DeleteFunction, accessTo(s, "DeleteFunction", qualifiedTarget)).
			AtPath("DELETE", functionPath, 204),
		awsapi.Op("GetFunctionConfiguration", s.GetFunctionConfiguration, accessTo(s, "GetFunctionConfiguration", qualifiedTarget)).
			AtPath("GET", functionPath+"/configuration", 200),
		awsapi.Op("UpdateFunctionConfiguration", s.UpdateFunctionConfiguration, s.accessUpdateFunctionConfiguration).
			AtPath("PUT", functionPath+"/configuration", 200),
		awsapi.Op("UpdateFunctionCode", s.UpdateFunctionCode,
			accessTo(s, "UpdateFunctionCode", func(in *UpdateFunctionCodeInput) target { return target{name: in.FunctionName} })).
			AtPath("PUT", functionPath+"/code", 200),
		awsapi.Op("PublishVersion", s.PublishVersion,
			accessTo(s, "PublishVersion", func(in *PublishVersionInput) target { return target{name: in.FunctionName} })).
			AtPath("POST", functionPath+"/versions", 201),
		awsapi.Op("ListVersionsByFunction", s.ListVersionsByFunction,
			accessTo(s, "ListVersionsByFunction", func(in *ListVersionsByFunctionInput) target { return target{name: in.FunctionName} })).
			AtPath("GET", functionPath+"/versions", 200),
		awsapi.Op("Invoke", s.Invoke,
			accessTo(s, "InvokeFunction", func(in *InvokeInput) target { return target{in.FunctionName, in.Qualifier} })).
			AtPath("POST", functionPath+"/invocations", 200),
		awsapi.Op("CreateAlias", s.CreateAlias,
			accessTo(s, "CreateAlias", func(in *CreateAliasInput) target { return target{name: in.FunctionName} })).
			AtPath("POST", functionPath+"/aliases", 201),
		awsapi.Op("ListAliases", s.ListAliases,
			accessTo(s, "ListAliases", func(in *ListAliasesInput) target { return target{name: in.FunctionName} })).
			AtPath("GET", functionPath+"/aliases", 200),
		awsapi.Op("GetAlias", s.GetAlias, accessTo(s, "GetAlias", aliasTarget)).
			AtPath("GET", aliasPath, 200),
		awsapi.Op("UpdateAlias", s.UpdateAlias,
			accessTo(s, "UpdateAlias", func(in *UpdateAliasInput) target { return target{name: in.FunctionName} })).
			AtPath("PUT", aliasPath, 200),
		awsapi.OpNoOutput("DeleteAlias", s.DeleteAlias, accessTo(s, "DeleteAlias", aliasTarget)).
			AtPath("DELETE", aliasPath, 204),
	}
}

// configurationOperations returns the operations on permissions, concurrency,
// asynchronous invocation, tags and other configuration (LAM C1).
func (s *Service) configurationOperations() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Op("AddPermission", s.AddPermission, s.accessAddPermission).
			AtPath("POST", functionPath+"/policy", 201),
		awsapi.Op("GetPolicy", s.GetPolicy, accessTo(s, "GetPolicy", qualifiedTarget)).
			AtPath("GET", functionPath+"/policy", 200),
		awsapi.OpNoOutput("RemovePermission", s.RemovePermission, s.accessRemovePermission).
			AtPath("DELETE", functionPath+"/policy/{StatementId}", 204),

		awsapi.Op("PutFunctionConcurrency", s.PutFunctionConcurrency,
			accessTo(s, "PutFunctionConcurrency", func(in *PutFunctionConcurrencyInput) target { return target{name: in.FunctionName} })).
			AtPath("PUT", "/2017-10-31/functions/{FunctionName}/concurrency", 200),
		awsapi.OpNoOutput("DeleteFunctionConcurrency", s.DeleteFunctionConcurrency, accessTo(s, "DeleteFunctionConcurrency", functionTarget)).
			AtPath("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", 204),
		awsapi.Op("GetFunctionConcurrency", s.GetFunctionConcurrency, accessTo(s, "GetFunctionConcurrency", functionTarget)).
			AtPath("GET", "/2019-09-30/functions/{FunctionName}/concurrency", 200),

		awsapi.Op("PutFunctionEventInvokeConfig", s.PutFunctionEventInvokeConfig,
			accessTo(s, "PutFunctionEventInvokeConfig", invokeConfigTarget)).
			AtPath("PUT", invokeConfigPath, 200),
		awsapi.Op("UpdateFunctionEventInvokeConfig", s.UpdateFunctionEventInvokeConfig,
			accessTo(s, "UpdateFunctionEventInvokeConfig", invokeConfigTarget)).
			AtPath("POST", invokeConfigPath, 200),
		awsapi.Op("GetFunctionEventInvokeConfig", s.GetFunctionEventInvokeConfig,
			accessTo(s, "GetFunctionEventInvokeConfig", qualifiedTarget)).
			AtPath("GET", invokeConfigPath, 200),
		awsapi.OpNoOutput("DeleteFunctionEventInvokeConfig", s.DeleteFunctionEventInvokeConfig,
			accessTo(s, "DeleteFunctionEventInvokeConfig", qualifiedTarget)).
			AtPath("DELETE", invokeConfigPath, 204),
		awsapi.Op("ListFunctionEventInvokeConfigs", s.ListFunctionEventInvokeConfigs,
			accessTo(s, "ListFunctionEventInvokeConfigs", func(in *ListFunctionEventInvokeConfigsInput) target { return target{name: in.FunctionName} })).
			AtPath("GET", invokeConfigPath+"/list", 200),

		awsapi.Op("ListTags", s.ListTags, s.accessTags("ListTags")).AtPath("GET", tagsPath, 200),
		awsapi.OpNoOutput("TagResource", s.TagResource, s.accessTags("TagResource")).AtPath("POST", tagsPath, 204),
		awsapi.OpNoOutput("UntagResource", s.UntagResource, s.accessTags("UntagResource")).AtPath("DELETE", tagsPath, 204),

		awsapi.Op("GetAccountSettings", s.GetAccountSettings, accessGetAccountSettings).
			AtPath("GET", "/2016-08-19/account-settings", 200),
		awsapi.Op("GetFunctionCodeSigningConfig", s.GetFunctionCodeSigningConfig,
			accessTo(s, "GetFunctionCodeSigningConfig", functionTarget)).
			AtPath("GET", "/2020-06-30/functions/{FunctionName}/code-signing-config", 200),
		awsapi.Op("GetRuntimeManagementConfig", s.GetRuntimeManagementConfig,
			accessTo(s, "GetRuntimeManagementConfig", qualifiedTarget)).
			AtPath("GET", runtimePath, 200),
		awsapi.Op("PutRuntimeManagementConfig", s.PutRuntimeManagementConfig,
			accessTo(s, "PutRuntimeManagementConfig", func(in *PutRuntimeManagementConfigInput) target {
				return target{in.FunctionName, in.Qualifier}
			})).
			AtPath("PUT", runtimePath, 200),
		awsapi.Op("GetFunctionRecursionConfig", s.GetFunctionRecursionConfig,
			accessTo(s, "GetFunctionRecursionConfig", functionTarget)).
			AtPath("GET", recursionPath, 200),
		awsapi.Op("PutFunctionRecursionConfig", s.PutFunctionRecursionConfig,
			accessTo(s, "PutFunctionRecursionConfig", func(in *PutFunctionRecursionConfigInput) target { return target{name: in.FunctionName} })).
			AtPath("PUT", recursionPath, 200),
	}
}
