// Package agent is the engine: the only place that decides what happens next.
package agent
