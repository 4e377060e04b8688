internal import AttestationFormat
internal import CPosixShims
internal import DeviceEnrolment
internal import SmallFiles

/// The user that the agent runs as. Where root enrols or renews, it acts as that user, groups and all: what it makes is that user's own, what
/// it reads is judged as the agent will judge it, and a token sees who will sign with it.
struct AgentUser {
    private let userID: UInt32
    private let groupID: UInt32

    /// The owner of a file or a folder; nil unless root asks about somebody else's.
    init?(owning path: UTF8Text) {
        var facts = posix_path_facts()
        guard SmallFile.effectiveUser == 0, path.withCText({ posix_path_facts_of($0, &facts) }) == 0, facts.user_id != 0 else { return nil }
        (userID, groupID) = (facts.user_id, facts.group_id)
    }

    /// This process acts as the agent's user from now on.
    func act() throws(EnrolmentError) { try change(to: userID) }

    /// Root again, with the agent's group: for root's own files that the agent reads.
    func actAsRoot() throws(EnrolmentError) { try change(to: 0) }

    private func change(to user: UInt32) throws(EnrolmentError) {
        let result = posix_act_as(user, groupID)
        guard result == 0 else {
            throw EnrolmentError(.file, UTF8Text("user \(userID) owns the agent's files, and this process cannot act as that user: \(SystemWords.of(-result))"))
        }
    }
}
