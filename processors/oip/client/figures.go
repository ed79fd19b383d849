package client

// Figures is what a client counted since it was made.
type Figures struct {
	// Retries are further tries of calls; Refused those that the budget did not
	// allow.
	Retries, Refused uint64
	// Endpoints are in the order of Options.
	Endpoints []EndpointFigures
}

// EndpointFigures is one endpoint's part.
type EndpointFigures struct {
	Endpoint string
	// Up: it is in use.
	Up bool
	// Calls are all tries, Failures those that failed.
	Calls, Failures uint64
	// Outages are the times it went out of use.
	Outages uint64
}

// Figures returns the figures of now.
func (c *Client) Figures() Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := Figures{Retries: c.retries, Refused: c.refused}
	for _, e := range c.endpoints {
		one := e.count
		one.Endpoint, one.Up = e.Endpoint.String(), !e.out && e.conn != nil
		f.Endpoints = append(f.Endpoints, one)
	}
	return f
}
