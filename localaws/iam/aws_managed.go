package iam

import (
	"strings"
	"time"
)

// awsManaged are those of AWS's own policies that functions and their operators
// use most, as published. Others are refused when somebody attaches them.
var awsManaged = newAWSManaged(map[string]string{
	"service-role/AWSLambdaBasicExecutionRole": `"logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"`,
	"service-role/AWSLambdaSQSQueueExecutionRole": `"sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes",` +
		`"logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"`,
	"service-role/AWSLambdaRole": `"lambda:InvokeFunction"`,
	"AmazonSQSFullAccess":        `"sqs:*"`,
	"AmazonSQSReadOnlyAccess": `"sqs:GetQueueAttributes","sqs:GetQueueUrl","sqs:ListDeadLetterSourceQueues","sqs:ListQueues",` +
		`"sqs:ListMessageMoveTasks","sqs:ListQueueTags"`,
	"AdministratorAccess": `"*"`,
	"AWSXRayDaemonWriteAccess": `"xray:PutTraceSegments","xray:PutTelemetryRecords",` +
		`"xray:GetSamplingRules","xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"`,
})

// newAWSManaged makes the records of AWS's policies from their actions. Each
// allows them on every resource.
func newAWSManaged(actions map[string]string) map[string]*managed {
	since := time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC)
	out := map[string]*managed{}
	for _, place := range sortedKeys(actions) {
		i := strings.LastIndexByte(place, '/')
		m := &managed{
			Name: place[i+1:], ID: awsPolicyID(place), Path: "/" + place[:i+1], ARN: "arn:aws:iam::aws:policy/" + place,
			Created: since, Updated: since, Default: "v1", Next: 2,
			Versions: []version{{"v1", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions[place] + `],"Resource":"*"}]}`, since}},
		}
		out[m.ARN] = m
	}
	return out
}

// awsPolicyID makes an id from a policy's place, the same in every process.
func awsPolicyID(place string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	id, h := []byte("ANPA"), uint64(14695981039346656037)
	for len(id) < 21 {
		for _, c := range []byte(place) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		id = append(id, alphabet[h>>59])
	}
	return string(id)
}
