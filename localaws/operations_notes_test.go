package localaws

// mathNote describes queries with expressions.
const mathNote = "approximate: metric math has arithmetic, comparisons and ten functions; `AccountId` is refused by name"

// notes describe where the embedded services differ from AWS. Keys are a service, a
// service and operation, or a service, operation (or *) and parameter. A parameter
// without a note behaves as in AWS; one that the code does not read is refused by
// name.
var notes = map[string]string{
	"lambda": "Functions are programs named `bootstrap` in a zip file, run as processes of this machine, and mappings read SQS " +
		"queues.\nA caller sees limits, states and errors as Lambda has them. Where a laptop is smaller: at most 64 processes " +
		"live at once, and\nan invocation that concurrency lets in waits for one; `/tmp` is bounded by the disk alone, and\nprivate only where functions are isolated ([security.md](security.md)).",
	"lambda CreateFunction":                                    "approximate: active at the next look, where Lambda takes seconds",
	"lambda CreateFunction Code":                               "approximate: `ZipFile` alone, with a `bootstrap` that this machine can run",
	"lambda UpdateFunctionCode ZipFile":                        "approximate: its `bootstrap` must be built for this machine",
	"lambda CreateFunction PackageType":                        "approximate: `Zip`; `Image` is refused by name",
	"lambda * Architectures":                                   "approximate: a program for another one than the machine's is refused, with the fix",
	"lambda * Runtime":                                         "approximate: `provided.al2023` and `provided.al2`; others that AWS has are refused by name",
	"lambda * Layers":                                          "approximate: there are none, so that any is refused as one that does not exist",
	"lambda * VpcConfig":                                       "refused by name, unless it is empty",
	"lambda * SnapStart":                                       "refused by name, unless it is `None`",
	"lambda * TracingConfig":                                   "refused by name, unless it is `PassThrough`",
	"lambda * DeadLetterConfig":                                "approximate: SQS queues; other targets are refused by name",
	"lambda * EphemeralStorage":                                "approximate: kept and shown, not enforced",
	"lambda * MemorySize":                                      "approximate: a process that has held more is killed; it sets no share of the processor",
	"lambda Invoke":                                            "approximate: an answer waits up to 25 ms for the end of its log",
	"lambda Invoke DurableExecutionName":                       byName,
	"lambda Invoke TenantId":                                   byName,
	"lambda AddPermission EventSourceToken":                    byName,
	"lambda AddPermission FunctionUrlAuthType":                 byName,
	"lambda ListFunctions MasterRegion":                        byName,
	"lambda GetFunctionCodeSigningConfig":                      "exact: no function has one",
	"lambda PutRuntimeManagementConfig UpdateRuntimeOn":        "approximate: `Auto` and `FunctionUpdate`, which come to the same; `Manual` is refused by name",
	"lambda PutRuntimeManagementConfig RuntimeVersionArn":      byName,
	"lambda PutFunctionEventInvokeConfig DestinationConfig":    "approximate: SQS queues and functions; other targets are refused by name",
	"lambda UpdateFunctionEventInvokeConfig DestinationConfig": "approximate: SQS queues and functions; other targets are refused by name",

	"lambda CreateEventSourceMapping":                             "approximate: polls at once, not after up to a minute; has 50 batches at a time at most, not 1,250",
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
	"lambda * ProvisionedPollerConfig":                            "approximate: its pollers share the bound of 50 batches; `PollerGroupName` is refused",
	"lambda * ScalingConfig":                                      "approximate: above 50 it counts as 50",
	"lambda UpdateFunctionEventInvokeConfig MaximumRetryAttempts": "exact",

	"iam": "Roles, their policies and the operator. Changes are in effect at once. Policies are evaluated as written for identity\npolicies, " +
		"boundaries, session policies, queue policies, function permissions and trust policies.",
	"iam GetUser":                     "approximate: the operator is the only user",
	"iam ListInstanceProfilesForRole": "exact: there are none",
	"iam * PolicyArn":                 "approximate: of the policies that AWS manages 67 are there, by name: those for functions, queues, logs, alarms and read-only access",
	"iam ListPolicies Scope":          "approximate: of the policies that AWS manages 67 are there, by name: those for functions, queues, logs, alarms and read-only access",

	"sts": "Temporary credentials are good for this endpoint alone, and end by the machine's time or with their role.",

	"logs": "Times are service time. What is written can be read at once. Events take at most 100 MB of memory " +
		"(`--max-logs-mb`), the\ngarbage collector's share and about 512 bytes for each stream of a function included: then the " +
		"oldest events of the groups\nthat hold most are dropped, and a stream that a function's environment has made goes with its " +
		"last event. The server logs a\nwarning, and the metric `DroppedLogEvents` in the namespace `ReliableQ/Logs` counts them, by " +
		"`LogGroupName`. A function that\nprints faster than its output is stored waits at a full pipe.",
	"logs * KmsKeyId":                               byName,
	"logs * Unmask":                                 byName + ", unless false",
	"logs PutRetentionPolicy":                       "approximate: events go within a minute of their expiry, where Logs takes up to three days",
	"logs PutLogEvents":                             "approximate: a group keeps 64 MiB of events, and its oldest give way to more",
	"logs CreateLogGroup LogGroupClass":             "approximate: `STANDARD`; others are refused by name",
	"logs CreateLogGroup DeletionProtectionEnabled": byName + ", unless false",
	"logs DescribeLogGroups IncludeLinkedAccounts":  byName + ", unless false",
	"logs DescribeLogGroups AccountIdentifiers":     byName,
	"logs DescribeLogGroups":                        "approximate: `storedBytes` is right at any moment, where Logs is hours behind",
	"logs PutMetricFilter ApplyOnTransformedLogs":   byName + ", unless false",

	"monitoring": "Metrics can be read at once and are kept in memory. Alarms change state at full minutes of service time; their actions are\n" +
		"kept and told in their history, and not delivered. Metric math knows METRICS, SUM, AVG, MIN, MAX, ABS, CEIL, FLOOR, FILL and IF.",
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
	"monitoring ListMetrics OwningAccount":                       "approximate: the caller's own; another is refused by name",
	"monitoring PutDashboard DashboardBody":                      "approximate: kept as it is given; widgets are not checked",
}
