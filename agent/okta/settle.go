package okta

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"frontdesk/agent"
)

// Settle tells what became of sight.Call, begun at since, whose answer never came.
//
// Live state comes first. It is read by id, which Okta answers from its primary
// store. A state that is as the call would have made it means that it happened (or
// that somebody else did the same, which comes to the same). A state that is
// exactly as Look saw it, down to the time of its last change, means that it did
// not. The System Log can overrule the latter: an event of ours says that it
// happened and was undone since. Where the call leaves no state behind (sessions,
// a reset sent once more), only an event of ours says anything, because events
// come late: their absence is CannotTell.
//
// ItDidNot holds for the moment of reading. A call that is still on its way
// could arrive later: whoever asks waits until it cannot (agent.Config.SettleAfter).
func (c *Client) Settle(ctx context.Context, act agent.Act, sight agent.Sight, since time.Time) (agent.Settlement, agent.Receipt, error) {
	todo, err := callOf(act, sight.Call)
	if err != nil {
		return agent.CannotTell, agent.Receipt{}, err
	}
	verdict, err := c.settleByState(ctx, act, sight)
	if err != nil {
		return agent.CannotTell, agent.Receipt{}, err
	}
	event, err := c.ourEvent(ctx, todo, act, since)
	switch {
	case err != nil && verdict == agent.CannotTell && !errors.Is(err, errNoLog):
		return agent.CannotTell, agent.Receipt{}, err // the log might tell, later
	case event != nil:
		verdict = agent.ItHappened
	}
	if verdict != agent.ItHappened {
		return verdict, agent.Receipt{}, nil
	}
	r := agent.Receipt{Note: todo.note}
	if event != nil {
		r.RequestID = event.Transaction.ID
	}
	if sight.Call == callTempPassword {
		r.Note = "Okta set a temporary password, but its answer never came and nobody has seen it. Ask for a new one."
	}
	return agent.ItHappened, r, nil
}

// settleByState compares live state with what Look saw.
func (c *Client) settleByState(ctx context.Context, act agent.Act, sight agent.Sight) (agent.Settlement, error) {
	switch sight.Call {
	case callAddMember, callRemoveMember:
		return c.settleMember(ctx, act, sight.Call == callAddMember)
	case callAssignApp, callUnassignApp:
		return c.settleApp(ctx, act, sight.Call == callAssignApp)
	case callResetFactors:
		return c.settleFactors(ctx, act, sight)
	case callClearSessions:
		return agent.CannotTell, nil
	}
	s, err := c.subject(ctx, act.Target)
	switch {
	case isNotFound(err) && sight.Call == callDeactivate:
		return agent.ItHappened, nil // deleted meanwhile, which only deactivated people can be
	case isNotFound(err):
		return agent.CannotTell, nil
	case err != nil:
		return agent.CannotTell, err
	}
	if sight.Call == callUnlock && sight.Facts[factStatus] == active {
		return c.settleBlock(ctx, act, s)
	}
	return settleStatus(sight, s), nil
}

// leadsTo lists the statuses that a call ends in.
func leadsTo(name string) []string {
	switch name {
	case callActivate:
		return []string{active, provisioned}
	case callReactivate:
		return []string{provisioned}
	case callSuspend:
		return []string{suspended}
	case callDeactivate:
		return []string{deprovisioned}
	case callResetPassword:
		return []string{recovery}
	case callTempPassword:
		return []string{passwordExpired}
	case callUnsuspend, callUnlock:
		return []string{active}
	}
	return nil
}

func settleStatus(sight agent.Sight, now subject) agent.Settlement {
	wanted := leadsTo(sight.Call)
	seen := sight.Facts[factStatus]
	if slices.Contains(wanted, seen) {
		return agent.CannotTell // sent once more: the status says nothing
	}
	changed := ""
	if !now.StatusChanged.IsZero() {
		changed = now.StatusChanged.Format(time.RFC3339Nano)
	}
	switch {
	case slices.Contains(wanted, now.Status), slices.Contains(wanted, now.transition):
		return agent.ItHappened
	case now.Status == seen && changed == sight.Facts[factStatusChanged] && now.transition == "":
		return agent.ItDidNot
	}
	return agent.CannotTell // it went somewhere else, or there and back
}

// settleBlock: Okta does not say when a block went, and it may go by itself. As
// long as it is there, nobody lifted it.
func (c *Client) settleBlock(ctx context.Context, act agent.Act, now subject) (agent.Settlement, error) {
	if now.Status != active {
		return agent.CannotTell, nil
	}
	blocked, err := c.blocked(ctx, act.Target)
	switch {
	case err != nil:
		return agent.CannotTell, err
	case blocked != "":
		return agent.ItDidNot, nil
	}
	return agent.ItHappened, nil
}

// settleFactors: the factors that were there are gone, or they are not. New ones
// have new ids.
func (c *Client) settleFactors(ctx context.Context, act agent.Act, sight agent.Sight) (agent.Settlement, error) {
	factors, err := c.factors(ctx, act.Target)
	switch {
	case isNotFound(err):
		return agent.CannotTell, nil
	case err != nil:
		return agent.CannotTell, err
	}
	seen := strings.Split(sight.Facts[factFactors], ",")
	left := 0
	for _, f := range factors {
		if slices.Contains(seen, f.ID) {
			left++
		}
	}
	switch left {
	case 0:
		return agent.ItHappened, nil
	case len(seen):
		return agent.ItDidNot, nil
	}
	return agent.CannotTell, nil // somebody removed some of them
}

func (c *Client) settleMember(ctx context.Context, act agent.Act, added bool) (agent.Settlement, error) {
	groups, err := c.GroupsOf(ctx, act.Target)
	switch {
	case isNotFound(err):
		return agent.CannotTell, nil
	case err != nil:
		return agent.CannotTell, err
	case slices.ContainsFunc(groups, func(g agent.Group) bool { return g.ID == act.Object }) == added:
		return agent.ItHappened, nil
	}
	return agent.ItDidNot, nil
}

// settleApp: adding makes a direct assignment, removing takes it; what a group
// grants says nothing about either.
func (c *Client) settleApp(ctx context.Context, act agent.Act, added bool) (agent.Settlement, error) {
	scope, err := c.assignment(ctx, act.Object, act.Target)
	switch {
	case err != nil:
		return agent.CannotTell, err
	case (scope == assignedDirectly) == added:
		return agent.ItHappened, nil
	}
	return agent.ItDidNot, nil
}
