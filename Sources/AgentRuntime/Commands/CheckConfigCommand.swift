internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile

/// `check-config`: the effective configuration, or everything that is wrong with it.
enum CheckConfigCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        do throws(ConfigurationProblems) {
            let configuration = try arguments.configuration()
            Output.write(arguments.wantsJSON ? json(configuration.resolved) : configuration.resolved.text.bytes)
            for warning in configuration.warnings { Output.complain("warning: " + warning.string) }
            do throws(SetupError) {
                let name = try AgentSetup.gatewayName(configuration.identity)
                _ = try AgentSetup.makeLink(configuration, gatewayID: name.gatewayID)
            } catch {
                Output.complain(error.text)
                return error.code
            }
            return files(configuration)
        } catch {
            for problem in error.problems { Output.complain(problem.message.string) }
            return error.exitCode
        }
    }

    /// The files that it names: whether they are there, whole, and the agent's to read.
    private static func files(_ configuration: AgentConfiguration) -> ExitCode {
        var files = FileChecks(configuration: configuration, agentUser: DoctorCommand.agentUser(configuration), nowSeconds: 0, judgesDates: false,
            looksAtToken: !DoctorCommand.isRunning(configuration.control.socketPath))
        files.run()
        var code = ExitCode.success
        for finding in files.findings.all where finding.level == .problem {
            Output.complain("\(finding.item): \(finding.value): \(finding.advice)")
            code = files.isKeyOpen ? .noPermission : .noInput
        }
        return code
    }

    /// An array with an object a key; `null` for what is not set.
    private static func json(_ resolved: ResolvedConfiguration) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "[")]
        for row in resolved.rows {
            if out.count > 1 { out.append(UInt8(ascii: ",")) }
            out.append("{\"section\":")
            out.appendJSON(text: row.section.string)
            out.append(",\"key\":")
            out.appendJSON(text: row.setting.key.string)
            out.append(",\"value\":")
            if let text = row.text { out.appendJSON(text: text.string) } else { out.append("null") }
            out.append(",\"origin\":")
            out.appendJSON(text: row.origin.text.string)
            out.append("}")
        }
        out.append("]\n")
        return out
    }
}
