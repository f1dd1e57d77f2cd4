package localaws

// mathNote describes queries with expressions.
const mathNote = "approximate: metric math has arithmetic, comparisons and ten functions; `AccountId` is refused by name"

// notes describe where the embedded services differ from AWS. Keys are a service, a
// service and operation, or a service, operation (or *) and parameter. A parameter
// without a note behaves as in AWS; one that the code does not read is refused by
// name.
var notes = map[string]string{
	"lambda": "Functions are programs named `bootstrap` in a zip file, run as processes of this machine, and mappings read SQS " +
		"queues.\nLimits, states and errors are those of Lambda. The differences: at most 64 processes run at the same time, and an " +
		"invocation that\nthe concurrency limit admits can wait for one; the size of `/tmp` is limited by the disk only, and `/tmp` " +
		"is private only where\nfunctions are isolated ([security.md](security.md)).",
	"lambda CreateFunction":                                    "approximate: the function is active at the next request; Lambda takes seconds",
	"lambda CreateFunction Code":                               "approximate: only `ZipFile`, with a `bootstrap` that this machine can run",
	"lambda UpdateFunctionCode ZipFile":                        "approximate: its `bootstrap` must be built for this machine",
	"lambda CreateFunction PackageType":                        "approximate: `Zip`; `Image` is refused by name",
	"lambda * Architectures":                                   "approximate: a program for another architecture than the machine's is refused; the error says how to fix it",
	"lambda * Runtime":                                         "approximate: `provided.al2023` and `provided.al2`; others that AWS has are refused by name",
	"lambda * Layers":                                          "approximate: there are no layers, so every one is refused as nonexistent",
	"lambda * VpcConfig":                                       "refused by name, unless it is empty",
	"lambda * SnapStart":                                       "refused by name, unless it is `None`",
	"lambda * TracingConfig":                                   "refused by name, unless it is `PassThrough`",
	"lambda * DeadLetterConfig":                                "approximate: SQS queues; other targets are refused by name",
	"lambda * EphemeralStorage":                                "approximate: stored and returned, not enforced",
	"lambda * MemorySize":                                      "approximate: a process that uses more is killed; CPU does not depend on it",
	"lambda Invoke":                                            "approximate: a response waits up to 25 ms for the end of the invocation's log",
	"lambda Invoke DurableExecutionName":                       byName,
	"lambda Invoke TenantId":                                   byName,
	"lambda AddPermission EventSourceToken":                    byName,
	"lambda AddPermission FunctionUrlAuthType":                 byName,
	"lambda ListFunctions MasterRegion":                        byName,
	"lambda GetFunctionCodeSigningConfig":                      "exact: no function has one",
	"lambda PutRuntimeManagementConfig UpdateRuntimeOn":        "approximate: `Auto` and `FunctionUpdate`, with the same effect; `Manual` is refused by name",
	"lambda PutRuntimeManagementConfig RuntimeVersionArn":      byName,
	"lambda PutFunctionEventInvokeConfig DestinationConfig":    "approximate: SQS queues and functions; other targets are refused by name",
	"lambda UpdateFunctionEventInvokeConfig DestinationConfig": "approximate: SQS queues and functions; other targets are refused by name",

	"lambda CreateEventSourceMapping":                             "approximate: polls immediately, not after up to a minute; at most 50 concurrent batches, not 1,250",
	"lambda CreateEventSourceMapping EventSourceArn":              "approximate: SQS queues; other sources are refused",
	"lambda CreateEventSourceMapping StartingPosition":            "refused, as by Lambda for SQS",
	"lambda CreateEventSourceMapping DestinationConfig":           "refused, as by Lambda for SQS",
	"lambda UpdateEventSourceMapping DestinationConfig":           "refused, as by Lambda for SQS",
	"lambda * BisectBatchOnFunctionError":                         "refused, as by Lambda for SQS, unless false",
	"lambda * MaximumRecordAgeInSeconds":                          "refused, as by Lambda for SQS",
	"lambda * MaximumRetryAttempts":                               "refused, as by Lambda for SQS",
	"lambda PutFunctionEventInvokeConfig MaximumRetryAttempts":    "exact",
	"lambda * ParallelizationFactor":                              "refused, as by Lambda for SQS",
	"lambda * TumblingWindowInSeconds":                            "refused, as by Lambda for SQS, unless 0",
	"lambda CreateEventSourceMapping KMSKeyArn":                   byName,
	"lambda UpdateEventSourceMapping KMSKeyArn":                   byName,
	"lambda * ProvisionedPollerConfig":                            "approximate: its pollers share the limit of 50 batches; `PollerGroupName` is refused",
	"lambda * ScalingConfig":                                      "approximate: values above 50 have the effect of 50",
	"lambda UpdateFunctionEventInvokeConfig MaximumRetryAttempts": "exact",

	"iam": "Roles, their policies and the operator. Changes take effect immediately. Evaluated are identity\npolicies, " +
		"permissions boundaries, session policies, queue policies, function permissions and trust policies.",
	"iam GetUser":                     "approximate: the operator is the only user",
	"iam ListInstanceProfilesForRole": "exact: there are none",
	"iam * PolicyArn":                 "approximate: 67 of the AWS managed policies exist, those for functions, queues, logs, alarms and read-only access",
	"iam ListPolicies Scope":          "approximate: 67 of the AWS managed policies exist, those for functions, queues, logs, alarms and read-only access",

	"sts": "Temporary credentials are valid at this endpoint only. They expire by the machine's clock, or when their role is deleted.",

	"logs": "Times are service time. Events can be read as soon as they are written. Events use at most 100 MB of memory " +
		"(`--max-logs-mb`),\nincluding the garbage collector's overhead and about 512 bytes for each stream of a function. At the limit, the oldest " +
		"events of\nthe largest groups are deleted, and a stream of an execution environment is deleted with its last event. The " +
		"server logs a\nwarning, and the metric `DroppedLogEvents` in the namespace `ReliableQ/Logs` counts the deleted events, by " +
		"`LogGroupName`.\nA function that prints faster than its output is stored blocks on a full pipe.",
	"logs * KmsKeyId":                               byName,
	"logs * Unmask":                                 byName + ", unless false",
	"logs PutRetentionPolicy":                       "approximate: events are deleted within a minute after they expire; CloudWatch Logs takes up to three days",
	"logs PutLogEvents":                             "approximate: a group stores at most 64 MiB of events; the oldest are deleted",
	"logs CreateLogGroup LogGroupClass":             "approximate: `STANDARD`; others are refused by name",
	"logs CreateLogGroup DeletionProtectionEnabled": byName + ", unless false",
	"logs DescribeLogGroups IncludeLinkedAccounts":  byName + ", unless false",
	"logs DescribeLogGroups AccountIdentifiers":     byName,
	"logs DescribeLogGroups":                        "approximate: `storedBytes` is always current; in CloudWatch Logs it is hours behind",
	"logs PutMetricFilter ApplyOnTransformedLogs":   byName + ", unless false",

	"monitoring": "Metrics can be read as soon as they are written, and are stored in memory only. Alarms change state at full minutes of\n" +
		"service time; their actions are recorded in their history, not delivered. Metric math has the functions METRICS, SUM, AVG, MIN, MAX,\nABS, CEIL, FLOOR, FILL and IF.",
	"monitoring * AlarmActions":                                  "approximate: recorded in the alarm's history, not delivered",
	"monitoring * OKActions":                                     "approximate: recorded in the alarm's history, not delivered",
	"monitoring * InsufficientDataActions":                       "approximate: recorded in the alarm's history, not delivered",
	"monitoring * ExtendedStatistic":                             "approximate: percentiles; trimmed statistics are refused by name",
	"monitoring GetMetricStatistics ExtendedStatistics":          "approximate: percentiles; trimmed statistics are refused by name",
	"monitoring PutMetricAlarm ComparisonOperator":               "approximate: those of anomaly detection are refused by name",
	"monitoring PutMetricAlarm ThresholdMetricId":                byName,
	"monitoring PutMetricAlarm EvaluateLowSampleCountPercentile": "approximate: `evaluate`; `ignore` is refused by name",
	"monitoring PutMetricAlarm Metrics":                          mathNote,
	"monitoring GetMetricData MetricDataQueries":                 mathNote,
	"monitoring DescribeAlarms ChildrenOfAlarmName":              byName,
	"monitoring DescribeAlarms ParentsOfAlarmName":               byName,
	"monitoring DescribeAlarms AlarmTypes":                       "approximate: there are no composite alarms",
	"monitoring ListMetrics IncludeLinkedAccounts":               byName + ", unless false",
	"monitoring ListMetrics OwningAccount":                       "approximate: the caller's own account; another is refused by name",
	"monitoring PutDashboard DashboardBody":                      "approximate: stored as sent; widgets are not validated",
}
