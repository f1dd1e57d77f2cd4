package localaws

// StoreErr tells why nothing that the server acknowledges could be kept any more,
// as on a disk that is full, or nil while it can. Requests that would change
// something are refused from then on; what was acknowledged before is kept, and a
// new server on the same folder goes on from it. A server in memory has no such
// failure.
func (s *Server) StoreErr() error { return s.parts.store.Err() }
