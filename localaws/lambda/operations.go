package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// API is Lambda's table of operations, those of event source mappings included
// once Extend has brought them.
func (s *Service) API() *awsapi.Service {
	ops := append(s.functionOperations(), s.settingOperations()...)
	return &awsapi.Service{
		Name:       "lambda",
		Operations: awsapi.Table(append(ops, s.mappingOperations...)...),
		Refused:    unsupportedOperations(),
	}
}

const (
	functionsPath = "/2015-03-31/functions"
	functionPath  = functionsPath + "/{FunctionName}"
	tagsPath      = "/2017-03-31/tags/{Resource}"
	asyncPath     = "/2019-09-25/functions/{FunctionName}/event-invoke-config"
)

// functionOperations create, read, change and run functions (LAM C1).
func (s *Service) functionOperations() []awsapi.Operation {
	return []awsapi.Operation{
		bind("POST", functionsPath, 201, awsapi.Op("CreateFunction", s.CreateFunction,
			func(c *awsapi.Call, in *CreateFunctionInput) []awsapi.Access {
				return s.accessCreate(c, in)
			})),
		bind("GET", functionsPath, 200, awsapi.Op("ListFunctions", s.ListFunctions,
			func(*awsapi.Call, *ListFunctionsInput) []awsapi.Access { return accountAccess("ListFunctions") })),
		bind("GET", functionPath, 200, awsapi.Op("GetFunction", s.GetFunction, s.qualifiedAccess("GetFunction"))),
		bind("DELETE", functionPath, 204, awsapi.Op("DeleteFunction", s.DeleteFunction, s.qualifiedAccess("DeleteFunction"))),
		bind("GET", functionPath+"/configuration", 200, awsapi.Op("GetFunctionConfiguration", s.GetFunctionConfiguration, s.qualifiedAccess("GetFunctionConfiguration"))),
		bind("PUT", functionPath+"/configuration", 200, awsapi.Op("UpdateFunctionConfiguration", s.UpdateFunctionConfiguration,
			func(c *awsapi.Call, in *UpdateFunctionConfigurationInput) []awsapi.Access {
				return append(s.access("UpdateFunctionConfiguration")(c, in.FunctionName, ""), passRole(in.Role, splitReference(c, in.FunctionName).functionKey)...)
			})),
		bind("PUT", functionPath+"/code", 200, awsapi.Op("UpdateFunctionCode", s.UpdateFunctionCode,
			func(c *awsapi.Call, in *UpdateFunctionCodeInput) []awsapi.Access {
				return s.access("UpdateFunctionCode")(c, in.FunctionName, "")
			})),
		bind("POST", functionPath+"/versions", 201, awsapi.Op("PublishVersion", s.PublishVersion,
			func(c *awsapi.Call, in *PublishVersionInput) []awsapi.Access {
				return s.access("PublishVersion")(c, in.FunctionName, "")
			})),
		bind("GET", functionPath+"/versions", 200, awsapi.Op("ListVersionsByFunction", s.ListVersionsByFunction,
			func(c *awsapi.Call, in *ListVersionsByFunctionInput) []awsapi.Access {
				return s.access("ListVersionsByFunction")(c, in.FunctionName, "")
			})),
		bind("POST", functionPath+"/invocations", 200, awsapi.Op("Invoke", s.Invoke,
			func(c *awsapi.Call, in *InvokeInput) []awsapi.Access {
				return s.access("InvokeFunction")(c, in.FunctionName, in.Qualifier)
			})),
		bind("POST", functionPath+"/aliases", 201, awsapi.Op("CreateAlias", s.createAlias,
			func(c *awsapi.Call, in *CreateAliasInput) []awsapi.Access {
				return s.access("CreateAlias")(c, in.FunctionName, "")
			})),
		bind("GET", functionPath+"/aliases", 200, awsapi.Op("ListAliases", s.listAliases,
			func(c *awsapi.Call, in *listAliasesInput) []awsapi.Access {
				return s.access("ListAliases")(c, in.FunctionName, "")
			})),
		bind("GET", functionPath+"/aliases/{Name}", 200, awsapi.Op("GetAlias", s.getAlias, s.aliasAccess("GetAlias"))),
		bind("PUT", functionPath+"/aliases/{Name}", 200, awsapi.Op("UpdateAlias", s.updateAlias,
			func(c *awsapi.Call, in *UpdateAliasInput) []awsapi.Access {
				return s.access("UpdateAlias")(c, in.FunctionName, "")
			})),
		bind("DELETE", functionPath+"/aliases/{Name}", 204, awsapi.Op("DeleteAlias", s.deleteAlias, s.aliasAccess("DeleteAlias"))),
	}
}

// settingOperations are about what surrounds a function (LAM C1).
func (s *Service) settingOperations() []awsapi.Operation {
	invokeConfig := func(action string) func(*awsapi.Call, *FunctionEventInvokeConfigInput) []awsapi.Access {
		return func(c *awsapi.Call, in *FunctionEventInvokeConfigInput) []awsapi.Access {
			return s.access(action)(c, in.FunctionName, in.Qualifier)
		}
	}

	return []awsapi.Operation{
		bind("POST", functionPath+"/policy", 201, awsapi.Op("AddPermission", s.AddPermission,
			func(c *awsapi.Call, in *AddPermissionInput) []awsapi.Access {
				need := s.access("AddPermission")(c, in.FunctionName, in.Qualifier)
				need[0].Keys = map[string][]string{"lambda:Principal": {in.Principal}}
				return need
			})),
		bind("GET", functionPath+"/policy", 200, awsapi.Op("GetPolicy", s.GetPolicy, s.qualifiedAccess("GetPolicy"))),
		bind("DELETE", functionPath+"/policy/{StatementId}", 204, awsapi.Op("RemovePermission", s.RemovePermission,
			func(c *awsapi.Call, in *RemovePermissionInput) []awsapi.Access {
				need := s.access("RemovePermission")(c, in.FunctionName, in.Qualifier)
				if who := s.removedPrincipal(c, in); who != "" {
					need[0].Keys = map[string][]string{"lambda:Principal": {who}}
				}
				return need
			})),
		bind("PUT", "/2017-10-31/functions/{FunctionName}/concurrency", 200, awsapi.Op("PutFunctionConcurrency", s.PutFunctionConcurrency,
			func(c *awsapi.Call, in *PutFunctionConcurrencyInput) []awsapi.Access {
				return s.access("PutFunctionConcurrency")(c, in.FunctionName, "")
			})),
		bind("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", 204,
			awsapi.Op("DeleteFunctionConcurrency", s.DeleteFunctionConcurrency, s.unqualifiedAccess("DeleteFunctionConcurrency"))),
		bind("GET", "/2019-09-30/functions/{FunctionName}/concurrency", 200,
			awsapi.Op("GetFunctionConcurrency", s.GetFunctionConcurrency, s.unqualifiedAccess("GetFunctionConcurrency"))),
		bind("PUT", asyncPath, 200, awsapi.Op("PutFunctionEventInvokeConfig", s.PutFunctionEventInvokeConfig, invokeConfig("PutFunctionEventInvokeConfig"))),
		bind("POST", asyncPath, 200, awsapi.Op("UpdateFunctionEventInvokeConfig", s.UpdateFunctionEventInvokeConfig, invokeConfig("UpdateFunctionEventInvokeConfig"))),
		bind("GET", asyncPath, 200, awsapi.Op("GetFunctionEventInvokeConfig", s.GetFunctionEventInvokeConfig, s.qualifiedAccess("GetFunctionEventInvokeConfig"))),
		bind("DELETE", asyncPath, 204, awsapi.Op("DeleteFunctionEventInvokeConfig", s.DeleteFunctionEventInvokeConfig, s.qualifiedAccess("DeleteFunctionEventInvokeConfig"))),
		bind("GET", asyncPath+"/list", 200, awsapi.Op("ListFunctionEventInvokeConfigs", s.ListFunctionEventInvokeConfigs,
			func(c *awsapi.Call, in *ListFunctionEventInvokeConfigsInput) []awsapi.Access {
				return s.access("ListFunctionEventInvokeConfigs")(c, in.FunctionName, "")
			})),
		bind("GET", tagsPath, 200, awsapi.Op("ListTags", s.ListTags, s.tagAccess("ListTags"))),
		bind("POST", tagsPath, 204, awsapi.Op("TagResource", s.TagResource, s.tagAccess("TagResource"))),
		bind("DELETE", tagsPath, 204, awsapi.Op("UntagResource", s.UntagResource, s.tagAccess("UntagResource"))),
		bind("GET", "/2016-08-19/account-settings", 200, awsapi.Op("GetAccountSettings", s.GetAccountSettings,
			func(*awsapi.Call, *awsapi.None) []awsapi.Access { return accountAccess("GetAccountSettings") })),
		bind("GET", "/2020-06-30/functions/{FunctionName}/code-signing-config", 200,
			awsapi.Op("GetFunctionCodeSigningConfig", s.GetFunctionCodeSigningConfig, s.unqualifiedAccess("GetFunctionCodeSigningConfig"))),
		bind("GET", "/2021-07-20/functions/{FunctionName}/runtime-management-config", 200,
			awsapi.Op("GetRuntimeManagementConfig", s.GetRuntimeManagementConfig, s.qualifiedAccess("GetRuntimeManagementConfig"))),
		bind("PUT", "/2021-07-20/functions/{FunctionName}/runtime-management-config", 200,
			awsapi.Op("PutRuntimeManagementConfig", s.PutRuntimeManagementConfig, func(c *awsapi.Call, in *PutRuntimeManagementConfigInput) []awsapi.Access {
				return s.access("PutRuntimeManagementConfig")(c, in.FunctionName, in.Qualifier)
			})),
		bind("GET", "/2024-08-31/functions/{FunctionName}/recursion-config", 200,
			awsapi.Op("GetFunctionRecursionConfig", s.GetFunctionRecursionConfig, s.unqualifiedAccess("GetFunctionRecursionConfig"))),
		bind("PUT", "/2024-08-31/functions/{FunctionName}/recursion-config", 200, awsapi.Op("PutFunctionRecursionConfig", s.PutFunctionRecursionConfig,
			func(c *awsapi.Call, in *PutFunctionRecursionConfigInput) []awsapi.Access {
				return s.access("PutFunctionRecursionConfig")(c, in.FunctionName, "")
			})),
	}
}

// bind gives an operation its place in the REST protocol.
func bind(method, path string, status int, op awsapi.Operation) awsapi.Operation {
	op.Method = method
	op.Path = path
	op.Status = status
	op.NoOutput = status == 204
	return op
}
