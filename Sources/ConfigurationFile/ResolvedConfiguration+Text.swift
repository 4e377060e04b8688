public import AttestationFormat

extension ResolvedConfiguration {
    /// What `check-config` prints: every value that holds, each with where it came from. It is itself a valid file.
    public var text: UTF8Text {
        var builder = TextBuilder()
        var section: UTF8Text?
        for row in rows {
            if row.section != section {
                if section != nil { builder.line() }
                builder.line("[" + row.section + "]")
                section = row.section
            }
            builder.comment(row.origin.text)
            if let text = row.text {
                builder.line(row.setting.key + " = " + text)
            } else {
                builder.line("#" + row.setting.key + " is not set")
            }
        }
        return builder.text
    }

    /// The values alone, without where they came from: equal bytes mean the same configuration. `agent.started` carries its hash.
    public var canonicalText: UTF8Text {
        var builder = TextBuilder()
        for row in rows {
            guard let text = row.text else { continue }
            builder.line(row.section + "." + row.setting.key + "=" + text)
        }
        return builder.text
    }
}
