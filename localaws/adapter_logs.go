package localaws

import (
	"context"
	"fmt"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/logs"
)

// functionLogs writes what functions print to CloudWatch Logs, if their roles permit
// it.
type functionLogs struct {
	server *Server
	logs   *logs.Service
}

var _ lambda.Logs = (*functionLogs)(nil)

// Write implements lambda.Logs.
func (l *functionLogs) Write(ctx context.Context, as awsapi.Caller, region, group, stream string, lines []sandbox.Line) error {
	c := l.server.newCall(as, as.Account, region)
	need := awsapi.Access{
		Action:       "logs:CreateLogGroup",
		Resource:     logs.StreamARN(as.Account, region, group, ""),
		ResourceTags: l.logs.GroupTags(as.Account, region, group),
	}

	// The role needs permission to create the group only if there is none.
	if !l.logs.HasGroup(as.Account, region, group) {
		if err := l.server.authorize(ctx, c, need); err != nil {
			return err
		}
		if err := l.logs.EnsureGroup(as.Account, region, group); err != nil {
			return fmt.Errorf("create log group %s: %w", group, err)
		}
	}

	// Creating the stream and writing to it are one step here, and two permissions.
	need.Resource = logs.StreamARN(as.Account, region, group, stream)
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		need.Action = action
		if err := l.server.authorize(ctx, c, need); err != nil {
			return err
		}
	}

	events := make([]logs.Event, len(lines))
	for i, line := range lines {
		events[i] = logs.Event{Time: line.Time, Message: line.Text}
	}

	if err := l.logs.Write(as.Account, region, group, stream, events); err != nil {
		return fmt.Errorf("write to log stream %s of %s: %w", stream, group, err)
	}
	return nil
}
