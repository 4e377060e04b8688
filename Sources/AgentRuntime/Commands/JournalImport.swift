internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import SmallFiles

/// `journal import FILE...`: brings nodes' replies to the running agent. It believes them no more than a broker's.
enum JournalImport {
    /// Bytes of messages handed over at once: some thirty receipts, half a second of verification on a small ARM.
    private static let pieceByteCount = 16_384
    /// Most files at once: more than an alliance has nodes.
    private static let fileLimit = 64
    /// Entries of a stick's folder that are looked at.
    private static let folderLimit = 4_096

    static func run(_ configuration: AgentConfiguration, _ places: ArraySlice<UTF8Text>, asJSON: Bool) throws(SetupError) -> ExitCode {
        let gateway = try AgentSetup.gatewayName(configuration.identity).gatewayID
        let files = try open(places)
        let question = ControlQuestion(configuration)
        let before = try question.carry("carry\n").head
        for file in files { file.advance(for: gateway) }
        var after = before
        var count: UInt64 = 0
        var piece: [UInt8] = []
        // All nodes' receipts for one batch, then all for the next: the agent's window is no larger than over a broker.
        while let file = files.filter({ $0.next != nil }).min(by: { ($0.next?.first ?? 0) < ($1.next?.first ?? 0) }), let next = file.next {
            if !piece.isEmpty, piece.count + next.message.payload.count > pieceByteCount {
                after = try question.carry("take \(piece.count)\n", body: piece).head
                piece = []
            }
            next.message.append(to: &piece)
            count += 1
            file.advance(for: gateway)
        }
        if !piece.isEmpty { after = try question.carry("take \(piece.count)\n", body: piece).head }
        report(count, before: before, after: after, foreignCount: files.reduce(0) { $0 + $1.foreignCount }, asJSON: asJSON)
        var code = ExitCode.success
        if count == 0, files.allSatisfy({ $0.problem == nil && $0.foreignCount == 0 }) {
            Output.complain("nothing was taken: the files hold no message; name the .hsreply files that harborseal node import wrote")
            code = .data
        }
        for file in files {
            guard let problem = file.problem else { continue }
            Output.complain("\(file.path.string) \(problem)")
            code = .data
        }
        return code
    }

    private static func report(_ count: UInt64, before: CarryHead, after: CarryHead, foreignCount: Int, asJSON: Bool) {
        let gained = after.next > before.next ? after.next - before.next : 0
        let waiting = after.nextSequence - min(after.next, after.nextSequence)
        if asJSON {
            Output.print("{\"replies\":\(count),\"foreign\":\(foreignCount),\"quorum-events\":\(gained),\"unreceipted\":\(waiting)}")
            return
        }
        Output.print("\(count) replies: \(gained) more events have their quorum, \(waiting) wait for one")
        if foreignCount > 0 { Output.print("  \(foreignCount) messages are no replies to this gateway and were passed over") }
    }

    /// The files, and of a folder those that end in `.hsreply`.
    private static func open(_ places: ArraySlice<UTF8Text>) throws(SetupError) -> [CarriedFileReader] {
        var paths: [UTF8Text] = []
        for place in places {
            // What cannot be listed is no folder, so a file.
            guard let names = try? Folder.names(in: place, suffix: ".hsreply", limit: folderLimit) else {
                paths.append(place)
                continue
            }
            paths += names.map { place + "/" + $0 }
            guard names.isEmpty else { continue }
            guard !SmallFile.exists(place) else {
                throw SetupError(
                    .noInput, "\(place.string) has no .hsreply: run harborseal node import at the nodes first, with what journal export wrote")
            }
            paths.append(place)
        }
        guard paths.count <= fileLimit else { throw SetupError(.usage, "\(paths.count) files: take at most \(fileLimit) at once") }
        var files: [CarriedFileReader] = []
        for path in paths {
            var error: Int32 = 0
            guard let file = CarriedFileReader(path, error: &error) else {
                throw SetupError(.noInput, "\(path.string): \(SystemWords.of(-error)): name the files that harborseal node import wrote")
            }
            files.append(file)
        }
        return files
    }
}
