internal import AttestationFormat

/// The help of each command, with an example.
enum Help {
    static let overview: StaticString = """
        harborseal-agent: records, signs, keeps and publishes what happens at this gateway.

          run                          run the agent
          enroll -                     make keys, and get certificates, configuration and trust file from the alliance's registry
          renew [--seal]               get a new link certificate, or a new seal certificate; run renews the link's by itself
          record KIND key=value...     record one event from a shell, through the running agent
          status [--json]              what the running agent is doing, and what is wrong
          doctor [--json]              clock, keys, certificates, disk, broker, nodes, sources: what to do about each
          check-config [--json]        the effective configuration, with where each value came from
          journal export|import        carry batches to nodes on a stick, and their receipts back
          journal archive              keep a copy of the events that nodes get no more than the hashes of
          journal verify|export|tail   look at the journal, whether the agent runs or not
          token list|make-key|login    the keys in a PKCS#11 token, and a new seal key in it
          selftest                     known answers for hash, signature, encoding, tree and checksum
          version                      the version

        Every command takes --config FILE (default /etc/harborseal/agent.conf), --set section.key=value, and --help.
        Exit codes: 0 done, 1 a check failed, 2 doctor has warnings only, 64 usage, 65 bad data, 66 no input, 69 the agent is not running,
        73 cannot create, 74 input or output, 75 not stored now, 77 no permission, 78 configuration.

        """

    static func text(for command: UTF8Text) -> StaticString? {
        switch command {
        case "run": run
        case "enroll": enroll
        case "renew": renew
        case "record": record
        case "status": status
        case "doctor": doctor
        case "check-config": checkConfig
        case "journal": journal
        case "token": token
        case "selftest": selftest
        case "version": "version: prints the version.\nExample: harborseal-agent version\n"
        default: nil
        }
    }

    private static let run: StaticString = """
        run: runs the agent until SIGTERM or SIGINT. SIGHUP reads the configuration again: batches, sensors and rules change at once.
        Logs to standard error, in journald's priority format when that is no terminal.
        Example: harborseal-agent run --config /etc/harborseal/agent.conf

        """
    private static let enroll: StaticString = """
        enroll -           reads the enrolment text from standard input: paste it and press Enter. Nobody else on the machine sees it there
        enroll TEXT        the text in quotes: it stands in the shell's history, and for a moment in every user's list of processes
        enroll URL --device FIRM.DEVICE --code CODE --ca FILE   the parts: FILE is the alliance's link CA
        enroll --abandon   forgets an enrolment that was begun and not finished, with its waiting keys and certificates. Where the registry may
                           have answered for a replacement or a seal key, which are lost then, only with --yes
        Makes a link key and a seal key here, proves them to the registry and stores what it certifies; writes agent.conf.d/10-gateway.conf;
        fetches the trust file if none is there. As root it gives the files to the agent's user. Run again it goes on where it was
        interrupted, with the same keys: a code is not used up by a lost answer.
        --broker LIST      the brokers for [link], if neither text nor agent.conf names them
        --trust-hash HASH  the trust file's SHA-256, by a way that you trust; --accept-trust takes any that this alliance signed
        --replace          makes new keys although there are some; stop the agent first. One in a token stays: name another object= for a new one
        Exit code 0: done. 2: done but for the trust file, or the text is of another registry than this gateway's. 75: not now, run it again. 77: refused. 64: mistyped. 1: also where a certificate
        of this gateway is revoked; 65, 73: see the message.
        Example: harborseal-agent enroll - < /media/stick/gw-1.txt

        """
    private static let renew: StaticString = """
        renew              a new link key and certificate by the old ones; the new pair is tried before the old one goes
        renew --seal       a new certificate for the seal key, which stays; a token signs the request itself
        It needs [registry] address. With an unset clock the registry's certificate is judged without it: issuer and name as always.
        Exit code 0: done. 75: not now, nothing has changed. 77: refused. 66: there is nothing to renew.
        Example: harborseal-agent renew

        """
    private static let record: StaticString = """
        record: records one event through the running agent's intake socket and waits until it is durable.
        Keys: what=URI (repeat, parent first as parent:URI), read-point=URI, document.NAME=TEXT, time=RFC3339, source=NAME
        with number=N (makes the line idempotent), socket=PATH; any other key is a field of the kind. A value is text or a number as the
        field's type is; a firm's own (firm.thing=12) is a number where it is a whole one. Numbers may have decimals: peak=3.5.
        A firm's own kind is written firm.thing.happened; what is two letters or less from a kind below is taken for a slip and refused.
        Exit code 0: durable. 65: refused, the reason is printed. 69: the agent is not running.
        Example: harborseal-agent record door.opened contact=rear what=bic:CSQU3054383

        """
    private static let status: StaticString = """
        status: what the running agent is doing: link, clock, journal, batches, receipts by node, and everything dropped or refused.
        Exit code 0: answered. 69: the agent is not running.
        Example: harborseal-agent status --json | jq .journal.unreceipted

        """
    private static let doctor: StaticString = """
        doctor: looks at clock, keys, certificates, trust file, disk, permissions, brokers, nodes and sources, with the running agent
        or without it, and says under each line what to do. A broker is tried with TCP, TLS and MQTT, unless the agent is connected.
        Exit code 0: all is well. 2: warnings. 1: a problem. Run it as root or as the agent's user.
        Example: harborseal-agent doctor --json | jq '.findings[] | select(.level != "ok")'

        """
    private static let checkConfig: StaticString = """
        check-config: prints the effective configuration and where each value came from, or every problem with file and line.
        --json prints [{"section":…,"key":…,"value":…,"origin":…}]. Exit code 0: usable. 78: not.
        66: usable, but a key, certificate or trust file that it names is missing or damaged. 77: a key that others may read, with which
        run ends too. Each is named with what to do.
        Example: harborseal-agent check-config --config ./agent.conf

        """
    private static let journal: StaticString = """
        journal export FOLDER [FROM]  asks the running agent for every signed batch without a quorum (or from sequence FROM on) and
                               writes FIRM.DEVICE-EPOCH-FROM-TO.hscarry there, for harborseal node import; the folder must exist
        journal import FILE... takes the replies that nodes wrote (or a folder's *.hsreply) to the running agent, which verifies them;
                               give the files of all nodes at once. Both take --json
        journal archive FOLDER writes every signed batch that was not archived yet with its events whole, whatever share says, as
                               FIRM.DEVICE-archive-EPOCH-FROM-TO.hsarchive, and tells the running agent once that is on the medium: with
                               share = hashes segments wait for it. Takes --json. Run it as root or as the agent's user
        journal verify         reads the whole journal and says what is damaged
        journal export [FROM]  writes the events of the open epoch, one line each: sequence, a space, the bytes in hex
        journal tail [COUNT]   the newest events (default 10), one line each: sequence, time, kind, what it is about; --hex: as export
        Of verify, export without a folder, and tail nothing is changed, and a running agent is not disturbed.
        Example: harborseal-agent journal export /media/stick

        """
    private static let token: StaticString = """
        token list [URI]       slots, tokens and keys of the PKCS#11 library that [seal] key names, or that URI names instead. It logs in where a
                               PIN is named, unless a wrong one was given before: looking must not lock a token
        token make-key [URI]   makes the P-256 key that object= names, in the token, which it cannot leave. Prints its
                               public part in PEM. A key that is there already is left alone
        token login [URI]      tries the PIN once, also where the next wrong one locks the token
        --module PATH in place of URI names the library alone. Without either [seal] key counts, whatever else agent.conf lacks.
        A library that takes more than 30 s, crashes or ends its process is an error: it runs in a process of its own.
        Each takes --json. Quote a URI for the shell. The PIN stands in the file or variable that pin-source names, never in the URI.
        Run it as the agent's user, with the agent's environment. Exit code 0: done. 66: no library, token or key. 74: it failed, or did not
        answer. 77: the PIN. 78: [seal] key is a file, or the URI is wrong.
        Example: harborseal-agent token make-key 'pkcs11:token=gw-1;object=seal?module-name=tpm2_pkcs11&pin-source=file:/etc/harborseal/seal.pin'

        """
    private static let selftest: StaticString = """
        selftest: runs known answers on this very machine. Exit code 0: all right. 1: one is wrong, do not use the machine.
        Example: harborseal-agent selftest

        """
}
