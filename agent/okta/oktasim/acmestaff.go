package oktasim

import "strings"

// staff is one line of Acme's list of people. An empty manager is nobody.
type staff struct {
	login, first, last string
	title, department  string
	manager, city      string
	status             Status
	number             string
}

// acmeStaff is everybody at Acme. The order gives the employee numbers.
func acmeStaff() []staff {
	return []staff{
		{login: "katherine", first: "Katherine", last: "Johnson", title: "CEO", department: "Executive", city: "London"},
		{login: "margaret", first: "Margaret", last: "Hamilton", title: "COO", department: "Executive", manager: "katherine", city: "Boston"},
		{login: "grace", first: "Grace", last: "Hopper", title: "VP Engineering", department: "Engineering", manager: "margaret", city: "New York"},
		{login: "ada", first: "Ada", last: "Lovelace", title: "Senior Engineer", department: "Engineering", manager: "grace", city: "London"},
		{login: "linus", first: "Linus", last: "Torvalds", title: "Staff Engineer", department: "Engineering", manager: "grace", city: "Portland"},
		{login: "edsger", first: "Edsger", last: "Dijkstra", title: "Principal Engineer", department: "Engineering", manager: "grace", city: "Rotterdam"},
		{login: "barbara", first: "Barbara", last: "Liskov", title: "Principal Engineer", department: "Engineering", manager: "grace", city: "Boston"},
		{login: "dennis", first: "Dennis", last: "Ritchie", title: "Engineer", department: "Engineering", manager: "ada", city: "New York"},
		{login: "ken", first: "Ken", last: "Thompson", title: "Engineer", department: "Engineering", manager: "ada", city: "New York"},
		{login: "radia", first: "Radia", last: "Perlman", title: "Network Engineer", department: "Engineering", manager: "linus", city: "Seattle"},
		{login: "alan", first: "Alan", last: "Turing", title: "Research Engineer", department: "Engineering", manager: "ada", city: "London"},
		{login: "frances", first: "Frances", last: "Allen", title: "Compiler Engineer", department: "Engineering", manager: "barbara", city: "New York"},
		{login: "niklaus", first: "Niklaus", last: "Wirth", title: "Compiler Engineer", department: "Engineering", manager: "barbara", city: "Zurich"},
		{login: "hedy", first: "Hedy", last: "Lamarr", title: "Radio Engineer", department: "Engineering", manager: "linus", city: "Vienna"},
		{login: "annie", first: "Annie", last: "Easley", title: "Engineer", department: "Engineering", manager: "barbara", city: "Cleveland"},

		{login: "tess", first: "Tess", last: "Tanner", title: "IT Manager", department: "IT", manager: "margaret", city: "London"},
		{login: "ivan", first: "Ivan", last: "Ivanov", title: "IT Support Agent", department: "IT", manager: "tess", city: "London"},
		{login: "iris", first: "Iris", last: "Ingram", title: "IT Support Agent", department: "IT", manager: "tess", city: "Boston"},
		{login: "hal", first: "Hal", last: "Hardy", title: "Help Desk Admin", department: "IT", manager: "tess", city: "London"},
		{login: "susan", first: "Susan", last: "Stone", title: "Identity Architect", department: "IT", manager: "tess", city: "London"},
		{login: "olga", first: "Olga", last: "Orlova", title: "Systems Administrator", department: "IT", manager: "tess", city: "Riga"},
		{login: "rob", first: "Rob", last: "Reader", title: "IT Auditor", department: "IT", manager: "tess", city: "Dublin"},
		{login: "sam", first: "Sam", last: "Shield", title: "Head of Security", department: "Security", manager: "margaret", city: "London"},
		{login: "sofia", first: "Sofia", last: "Santos", title: "Security Analyst", department: "Security", manager: "sam", city: "Lisbon"},

		{login: "victor", first: "Victor", last: "Vance", title: "VP Sales", department: "Sales", manager: "margaret", city: "Chicago"},
		{login: "wendy", first: "Wendy", last: "Walsh", title: "Account Executive", department: "Sales", manager: "victor", city: "Chicago"},
		{login: "xavier", first: "Xavier", last: "Xu", title: "Account Executive", department: "Sales", manager: "victor", city: "Singapore"},
		{login: "yara", first: "Yara", last: "Young", title: "Sales Engineer", department: "Sales", manager: "victor", city: "São Paulo"},
		{login: "zack", first: "Zack", last: "Zimmer", title: "Sales Associate", department: "Sales", manager: "wendy", city: "Denver"},
		{login: "mona", first: "Mona", last: "Marsh", title: "VP Marketing", department: "Marketing", manager: "margaret", city: "Paris"},
		{login: "maya", first: "Maya", last: "Mehta", title: "Designer", department: "Marketing", manager: "mona", city: "Mumbai"},
		{login: "milo", first: "Milo", last: "Moretti", title: "Designer", department: "Marketing", manager: "mona", city: "Milan"},
		{login: "fiona", first: "Fiona", last: "Frost", title: "CFO", department: "Finance", manager: "katherine", city: "London"},
		{login: "felix", first: "Felix", last: "Fischer", title: "Controller", department: "Finance", manager: "fiona", city: "Munich"},
		{login: "flora", first: "Flora", last: "Flynn", title: "Accountant", department: "Finance", manager: "felix", city: "Dublin"},
		{login: "hannah", first: "Hannah", last: "Holt", title: "Head of People", department: "HR", manager: "margaret", city: "London"},
		{login: "henry", first: "Henry", last: "Hughes", title: "Recruiter", department: "HR", manager: "hannah", city: "Cardiff"},
		{login: "leo", first: "Leo", last: "Lang", title: "General Counsel", department: "Legal", manager: "katherine", city: "London"},
		{login: "lina", first: "Lina", last: "Lund", title: "Paralegal", department: "Legal", manager: "leo", city: "Oslo"},

		{login: "sid", first: "Sid", last: "Sleeper", title: "Engineer", department: "Engineering", manager: "ada", city: "Leeds", status: Suspended},
		{login: "lou", first: "Lou", last: "Locke", title: "Account Executive", department: "Sales", manager: "victor", city: "Austin", status: LockedOut},
		{login: "stan", first: "Stan", last: "Starter", title: "Engineer", department: "Engineering", manager: "ada", city: "London", status: Staged},
		{login: "priya", first: "Priya", last: "Patel", title: "Designer", department: "Marketing", manager: "mona", city: "Pune", status: Provisioned},
		{login: "dora", first: "Dora", last: "Departed", title: "Sales Manager", department: "Sales", manager: "victor", city: "Miami", status: Deprovisioned},
		{login: "pax", first: "Pax", last: "Past", title: "Accountant", department: "Finance", manager: "felix", city: "London", status: PasswordExpired},
		{login: "ray", first: "Ray", last: "Rescue", title: "Recruiter", department: "HR", manager: "hannah", city: "London", status: Recovery},
		{login: "twin.a", first: "Tina", last: "Twin", title: "Paralegal", department: "Legal", manager: "leo", city: "Oslo"},
		{login: "twin.b", first: "Tom", last: "Twin", title: "Paralegal", department: "Legal", manager: "leo", city: "Oslo"},
		{login: "dev", first: "Dev", last: "Desai", title: "Engineer", department: "Engineering", manager: "linus", city: "Delhi"},
		{login: "zoe", first: "Zoë 🦄", last: "D'Árvore-Łukasz", title: "Designer ✨", department: "Marketing", manager: "mona", city: "Łódź"},
		{login: "layla", first: "ليلى", last: "כהן", title: "Analyst", department: "Finance", manager: "fiona", city: "Haifa"},
		{login: "bobby", first: "<!channel> *Bobby*", last: "_Tables_ & <b>Sons</b>", title: "`Engineer`", department: "Engineering", manager: "ada", city: "London"},
		{login: "mel", first: "Mel", last: "Mirror", title: "Analyst", department: "Finance", manager: "mel", city: "London"},
		{login: "nils", first: "Nils", last: "Nilsson", title: "Account Executive", department: "Sales", manager: "dora", city: "Malmö"},
		{login: "gus", first: "Gus", last: "Ghost", title: "Account Executive", department: "Sales", manager: "nobody", city: "Bern"},
		{login: "norma", first: "Norma", last: "Nofactor", title: "Accountant", department: "Finance", manager: "felix", city: "London"},
		{login: "otto", first: "Otto", last: "Onephone", title: "Accountant", department: "Finance", manager: "felix", city: "London"},
		{login: "quinn", first: "Quinn", last: "Quiz", title: "Recruiter", department: "HR", manager: "hannah", city: "London"},
		{login: "fred", first: "Fred", last: "Federated", title: "Consultant", department: "Sales", manager: "victor", city: "London"},
		{login: "abel", first: "Abel", last: "Directory", title: "Consultant", department: "Finance", manager: "fiona", city: "London"},
		{login: "carl", first: "Carl", last: "Contract", title: "Contractor", department: "Marketing", manager: "mona", city: "Ghent"},
		{login: "cora", first: "Cora", last: "Contract", title: "Contractor", department: "Marketing", manager: "mona", city: "Lima"},
	}
}

// user is the person as AddUser takes them.
func (p staff) user(c *Company, everybody []staff) User {
	u := User{
		ID: c.People[p.login], Status: p.status, Password: "sim-password", Sessions: 2, OAuthTokens: 3, Devices: 1,
		Profile: map[string]any{
			"login": p.login + acmeDomain, "email": p.login + acmeDomain, "firstName": p.first, "lastName": p.last,
			"displayName": p.first + " " + p.last, "title": p.title, "department": p.department, "city": p.city,
			"employeeNumber": p.number, "organization": "Acme", "userType": "Employee", "startDate": "2024-03-01",
		},
	}
	for _, boss := range everybody {
		if boss.login == p.manager {
			u.Profile["managerId"] = boss.login + acmeDomain
			u.Profile["manager"] = boss.first + " " + boss.last
			switch p.login { // managers are free text in Okta, and companies write them as they like
			case "linus":
				u.Profile["managerId"] = c.People[boss.login]
			case "edsger":
				u.Profile["managerId"] = boss.number
			}
		}
	}
	switch p.status {
	case Staged, Provisioned, Deprovisioned:
		u.Password, u.Sessions, u.OAuthTokens, u.Devices = "", 0, 0, 0
	case Suspended, LockedOut, PasswordExpired, Recovery:
		u.Sessions = 0
	case Active:
	}
	p.peculiar(u.Profile, &u)
	return u
}

// peculiar sets what only some people have.
func (p staff) peculiar(profile map[string]any, u *User) {
	switch p.login {
	case "susan":
		u.Roles = []string{SuperAdmin}
	case "hal":
		u.Roles = []string{HelpDeskAdmin}
	case "olga":
		u.Roles = []string{OrgAdmin}
	case "rob":
		u.Roles = []string{ReadOnlyAdmin}
	case "dev":
		u.Block = "UNKNOWN_DEVICES"
	case "fred":
		u.Provider, u.Password = "FEDERATION", ""
	case "abel":
		u.Provider = "ACTIVE_DIRECTORY"
	case "stan":
		profile["startDate"] = "2026-12-01"
	case "cora", "carl":
		profile["userType"], profile["endDate"] = "Contractor", "2026-12-31"
	case "gus":
		profile["managerId"] = "nobody" + acmeDomain
	case "barbara":
		delete(profile, "managerId") // her manager is a linked object
	case "ada":
		profile["skills"] = []any{"mathematics", "poetry"}
		profile["mobilePhone"] = "+15550101"
	}
	if strings.HasPrefix(p.login, "twin.") {
		profile["email"] = "twin" + acmeDomain
	}
}
