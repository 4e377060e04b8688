internal import AttestationFormat
internal import DeviceCrypto

/// `selftest`: known answers on this very machine.
enum SelfTestCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        var code = ExitCode.success
        for outcome in SelfTest.run(MachineAnswers.journal) {
            Output.print((outcome.isPassed ? "ok      " : "WRONG   ") + outcome.name.string)
            if !outcome.isPassed { code = .failure }
        }
        if code == .failure { Output.complain("this machine computes wrongly and must not sign: check memory, supply and libraries") }
        return code
    }
}
