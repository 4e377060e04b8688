internal import AgentRuntime
internal import CPosixShims

/// The gateway's agent. Everything is in AgentRuntime; here is only the door.
@main enum HarborsealAgent {
    static func main() { posix_exit(AgentProgram.run()) }
}
