internal import AttestationFormat

/// The help of each command, with an example.
enum Help {
    static let overview: StaticString = """
        harborseal-agent: records, signs, keeps and publishes what happens at this gateway.

          run                          run the agent
          record KIND key=value...     record one event from a shell, through the running agent
          status [--json]              what the running agent is doing, and what is wrong
          check-config                 the effective configuration, with where each value came from
          journal verify|export|tail   look at the journal, whether the agent runs or not
          selftest                     known answers for hash, signature, encoding, tree and checksum
          version                      the version

        Every command takes --config FILE (default /etc/harborseal/agent.conf), --set section.key=value, and --help.
        Exit codes: 0 done, 1 a check failed, 64 usage, 65 bad data, 66 no input, 69 the agent is not running,
        73 cannot create, 74 input or output, 75 not stored now, 77 no permission, 78 configuration.

        """

    static func text(for command: UTF8Text) -> StaticString? {
        switch command {
        case "run": run
        case "record": record
        case "status": status
        case "check-config": checkConfig
        case "journal": journal
        case "selftest": selftest
        case "version": "version: prints the version.\nExample: harborseal-agent version\n"
        default: nil
        }
    }

    private static let run: StaticString = """
        run: runs the agent until SIGTERM or SIGINT. SIGHUP reads the configuration again.
        Logs to standard error, in journald's priority format when that is no terminal.
        Example: harborseal-agent run --config /etc/harborseal/agent.conf

        """
    private static let record: StaticString = """
        record: records one event through the running agent's intake socket and waits until it is durable.
        Keys: what=URI (repeat, parent first as parent:URI), read-point=URI, document.NAME=TEXT, time=RFC3339, source=NAME
        with number=N (makes the line idempotent), socket=PATH; any other key is a field of the kind.
        Exit code 0: durable. 65: refused, the reason is printed. 69: the agent is not running.
        Example: harborseal-agent record door.opened contact=rear what=bic:CSQU3054383

        """
    private static let status: StaticString = """
        status: what the running agent is doing: link, clock, journal, batches, receipts by node, and everything dropped or refused.
        Exit code 0: answered. 69: the agent is not running.
        Example: harborseal-agent status --json | jq .journal.unreceipted

        """
    private static let checkConfig: StaticString = """
        check-config: prints the effective configuration and where each value came from, or every problem with file and line.
        Exit code 0: usable. 78: not.
        Example: harborseal-agent check-config --config ./agent.conf

        """
    private static let journal: StaticString = """
        journal verify         reads the whole journal and says what is damaged
        journal export [FROM]  writes the events of the open epoch, one line each: sequence, a space, the bytes in hex
        journal tail [COUNT]   the newest events (default 10) in the same form
        Nothing is changed, and a running agent is not disturbed.
        Example: harborseal-agent journal verify --config ./agent.conf

        """
    private static let selftest: StaticString = """
        selftest: runs known answers on this very machine. Exit code 0: all right. 1: one is wrong, do not use the machine.
        Example: harborseal-agent selftest

        """
}
