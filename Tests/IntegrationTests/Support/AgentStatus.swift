/// The parts of `status --json` that tests look at.
struct AgentStatus: Decodable {
    struct Agent: Decodable {
        let epoch: String
    }

    struct Journal: Decodable {
        let events: UInt64
        let signed: UInt64
        let quorum: UInt64
        let unreceipted: UInt64
        let damages: UInt64
    }

    struct Concern: Decodable {
        let name: String?
        let text: String
    }

    struct Link: Decodable {
        let state: String
        let cause: String?
    }

    let agent: Agent
    let journal: Journal
    let link: Link
    let concerns: [Concern]?
}
