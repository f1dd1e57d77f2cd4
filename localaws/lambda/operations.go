package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// API is Lambda's table of operations, those of event source mappings included
// once Extend has brought them.
func (s *Service) API() *awsapi.Service {
	ops := append(s.functionOperations(), s.settingOperations()...)
	return &awsapi.Service{Name: "lambda", Operations: awsapi.Table(append(ops, s.extra...)...), Refused: refused()}
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
		bind("POST", functionsPath, 201, awsapi.Op("CreateFunction", s.createFunction,
			func(c *awsapi.Call, in *createFunctionInput) []awsapi.Access {
				return s.accessCreate(c, in)
			})),
		bind("GET", functionsPath, 200, awsapi.Op("ListFunctions", s.listFunctions,
			func(*awsapi.Call, *listFunctionsInput) []awsapi.Access { return unscoped("ListFunctions") })),
		bind("GET", functionPath, 200, awsapi.Op("GetFunction", s.getFunction, s.qualified("GetFunction"))),
		bind("DELETE", functionPath, 204, awsapi.Op("DeleteFunction", s.deleteFunction, s.qualified("DeleteFunction"))),
		bind("GET", functionPath+"/configuration", 200, awsapi.Op("GetFunctionConfiguration", s.getFunctionConfiguration, s.qualified("GetFunctionConfiguration"))),
		bind("PUT", functionPath+"/configuration", 200, awsapi.Op("UpdateFunctionConfiguration", s.updateFunctionConfiguration,
			func(c *awsapi.Call, in *updateFunctionConfigurationInput) []awsapi.Access {
				return append(s.access("UpdateFunctionConfiguration")(c, in.FunctionName, ""), passRole(in.Role, split(c, in.FunctionName).key)...)
			})),
		bind("PUT", functionPath+"/code", 200, awsapi.Op("UpdateFunctionCode", s.updateFunctionCode,
			func(c *awsapi.Call, in *updateFunctionCodeInput) []awsapi.Access {
				return s.access("UpdateFunctionCode")(c, in.FunctionName, "")
			})),
		bind("POST", functionPath+"/versions", 201, awsapi.Op("PublishVersion", s.publishVersion,
			func(c *awsapi.Call, in *publishVersionInput) []awsapi.Access {
				return s.access("PublishVersion")(c, in.FunctionName, "")
			})),
		bind("GET", functionPath+"/versions", 200, awsapi.Op("ListVersionsByFunction", s.listVersionsByFunction,
			func(c *awsapi.Call, in *listVersionsInput) []awsapi.Access {
				return s.access("ListVersionsByFunction")(c, in.FunctionName, "")
			})),
		bind("POST", functionPath+"/invocations", 200, awsapi.Op("Invoke", s.invoke,
			func(c *awsapi.Call, in *invokeInput) []awsapi.Access {
				return s.access("InvokeFunction")(c, in.FunctionName, in.Qualifier)
			})),
		bind("POST", functionPath+"/aliases", 201, awsapi.Op("CreateAlias", s.createAlias,
			func(c *awsapi.Call, in *aliasInput) []awsapi.Access {
				return s.access("CreateAlias")(c, in.FunctionName, "")
			})),
		bind("GET", functionPath+"/aliases", 200, awsapi.Op("ListAliases", s.listAliases,
			func(c *awsapi.Call, in *listAliasesInput) []awsapi.Access {
				return s.access("ListAliases")(c, in.FunctionName, "")
			})),
		bind("GET", functionPath+"/aliases/{Name}", 200, awsapi.Op("GetAlias", s.getAlias, s.named("GetAlias"))),
		bind("PUT", functionPath+"/aliases/{Name}", 200, awsapi.Op("UpdateAlias", s.updateAlias,
			func(c *awsapi.Call, in *updateAliasInput) []awsapi.Access {
				return s.access("UpdateAlias")(c, in.FunctionName, "")
			})),
		bind("DELETE", functionPath+"/aliases/{Name}", 204, awsapi.Op("DeleteAlias", s.deleteAlias, s.named("DeleteAlias"))),
	}
}

// settingOperations are about what surrounds a function (LAM C1).
func (s *Service) settingOperations() []awsapi.Operation {
	invokeConfig := func(action string) func(*awsapi.Call, *eventInvokeConfigInput) []awsapi.Access {
		return func(c *awsapi.Call, in *eventInvokeConfigInput) []awsapi.Access {
			return s.access(action)(c, in.FunctionName, in.Qualifier)
		}
	}
	return []awsapi.Operation{
		bind("POST", functionPath+"/policy", 201, awsapi.Op("AddPermission", s.addPermission,
			func(c *awsapi.Call, in *addPermissionInput) []awsapi.Access {
				need := s.access("AddPermission")(c, in.FunctionName, in.Qualifier)
				need[0].Keys = map[string][]string{"lambda:Principal": {in.Principal}}
				return need
			})),
		bind("GET", functionPath+"/policy", 200, awsapi.Op("GetPolicy", s.getPolicy, s.qualified("GetPolicy"))),
		bind("DELETE", functionPath+"/policy/{StatementId}", 204, awsapi.Op("RemovePermission", s.removePermission,
			func(c *awsapi.Call, in *removePermissionInput) []awsapi.Access {
				need := s.access("RemovePermission")(c, in.FunctionName, in.Qualifier)
				if who := s.permitted(c, in); who != "" {
					need[0].Keys = map[string][]string{"lambda:Principal": {who}}
				}
				return need
			})),
		bind("PUT", "/2017-10-31/functions/{FunctionName}/concurrency", 200, awsapi.Op("PutFunctionConcurrency", s.putFunctionConcurrency,
			func(c *awsapi.Call, in *putConcurrencyInput) []awsapi.Access {
				return s.access("PutFunctionConcurrency")(c, in.FunctionName, "")
			})),
		bind("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", 204,
			awsapi.Op("DeleteFunctionConcurrency", s.deleteFunctionConcurrency, s.plain("DeleteFunctionConcurrency"))),
		bind("GET", "/2019-09-30/functions/{FunctionName}/concurrency", 200,
			awsapi.Op("GetFunctionConcurrency", s.getFunctionConcurrency, s.plain("GetFunctionConcurrency"))),
		bind("PUT", asyncPath, 200, awsapi.Op("PutFunctionEventInvokeConfig", s.putEventInvokeConfig, invokeConfig("PutFunctionEventInvokeConfig"))),
		bind("POST", asyncPath, 200, awsapi.Op("UpdateFunctionEventInvokeConfig", s.updateEventInvokeConfig, invokeConfig("UpdateFunctionEventInvokeConfig"))),
		bind("GET", asyncPath, 200, awsapi.Op("GetFunctionEventInvokeConfig", s.getEventInvokeConfig, s.qualified("GetFunctionEventInvokeConfig"))),
		bind("DELETE", asyncPath, 204, awsapi.Op("DeleteFunctionEventInvokeConfig", s.deleteEventInvokeConfig, s.qualified("DeleteFunctionEventInvokeConfig"))),
		bind("GET", asyncPath+"/list", 200, awsapi.Op("ListFunctionEventInvokeConfigs", s.listEventInvokeConfigs,
			func(c *awsapi.Call, in *listInvokeConfigsInput) []awsapi.Access {
				return s.access("ListFunctionEventInvokeConfigs")(c, in.FunctionName, "")
			})),
		bind("GET", tagsPath, 200, awsapi.Op("ListTags", s.listTags, s.tagged("ListTags"))),
		bind("POST", tagsPath, 204, awsapi.Op("TagResource", s.tagResource, s.tagged("TagResource"))),
		bind("DELETE", tagsPath, 204, awsapi.Op("UntagResource", s.untagResource, s.tagged("UntagResource"))),
		bind("GET", "/2016-08-19/account-settings", 200, awsapi.Op("GetAccountSettings", s.getAccountSettings,
			func(*awsapi.Call, *awsapi.None) []awsapi.Access { return unscoped("GetAccountSettings") })),
		bind("GET", "/2020-06-30/functions/{FunctionName}/code-signing-config", 200,
			awsapi.Op("GetFunctionCodeSigningConfig", s.getCodeSigningConfig, s.plain("GetFunctionCodeSigningConfig"))),
		bind("GET", "/2021-07-20/functions/{FunctionName}/runtime-management-config", 200,
			awsapi.Op("GetRuntimeManagementConfig", s.getRuntimeManagement, s.qualified("GetRuntimeManagementConfig"))),
		bind("PUT", "/2021-07-20/functions/{FunctionName}/runtime-management-config", 200,
			awsapi.Op("PutRuntimeManagementConfig", s.putRuntimeManagement, func(c *awsapi.Call, in *runtimeManagementInput) []awsapi.Access {
				return s.access("PutRuntimeManagementConfig")(c, in.FunctionName, in.Qualifier)
			})),
		bind("GET", "/2024-08-31/functions/{FunctionName}/recursion-config", 200,
			awsapi.Op("GetFunctionRecursionConfig", s.getRecursion, s.plain("GetFunctionRecursionConfig"))),
		bind("PUT", "/2024-08-31/functions/{FunctionName}/recursion-config", 200, awsapi.Op("PutFunctionRecursionConfig", s.putRecursion,
			func(c *awsapi.Call, in *recursionInput) []awsapi.Access {
				return s.access("PutFunctionRecursionConfig")(c, in.FunctionName, "")
			})),
	}
}

// bind gives an operation its place in the REST protocol.
func bind(method, path string, status int, op awsapi.Operation) awsapi.Operation {
	op.Method, op.Path, op.Status, op.NoOutput = method, path, status, status == 204
	return op
}
