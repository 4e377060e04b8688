public import AttestationFormat
internal import ConfigurationFile

extension AgentSettings {
    /// Firmware-Config/agent.conf.
    public static var exampleFile: UTF8Text {
        schema.exampleFile(
            title: "Harborseal's gateway agent: /etc/harborseal/agent.conf. Later layers win: the defaults shown here, this file, "
                + "agent.conf.d/*.conf in the order of their names, environment variables HARBORSEAL_<SECTION>_<KEY>, flags. "
                + "harborseal-agent check-config prints what holds and where it came from. A line has at most 199 bytes; a comment "
                + "has a line of its own. Take away the # in front of a key to set it.")
    }

    /// Firmware-Config/agent.conf.md.
    public static var documentation: UTF8Text {
        schema.markdown(title: "agent.conf: every key, its default and why")
    }
}
