package mapping

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

const (
	mappingsPath = "/2015-03-31/event-source-mappings"
	mappingPath  = mappingsPath + "/{UUID}"
)

// Operations returns the operations on mappings, for Lambda's table (LAM B1).
func (s *Service) Operations() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Op("CreateEventSourceMapping", s.CreateEventSourceMapping, accessCreate).AtPath("POST", mappingsPath, 202),
		awsapi.Op("GetEventSourceMapping", s.GetEventSourceMapping, s.accessGet).AtPath("GET", mappingPath, 200),
		awsapi.Op("ListEventSourceMappings", s.ListEventSourceMappings, accessList).AtPath("GET", mappingsPath, 200),
		awsapi.Op("UpdateEventSourceMapping", s.UpdateEventSourceMapping, s.accessUpdate).AtPath("PUT", mappingPath, 202),
		awsapi.Op("DeleteEventSourceMapping", s.DeleteEventSourceMapping, s.accessDelete).AtPath("DELETE", mappingPath, 202),
	}
}
