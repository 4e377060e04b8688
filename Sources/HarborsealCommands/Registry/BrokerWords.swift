/// What becomes of a gateway at the broker, for the commands that end a link certificate.
enum BrokerWords {
    /// mosquitto looks at the list when a client connects, also after a reload.
    static let afterRevocation =
        "the broker takes no new connection of it once it has the list, and one that is open stays: systemctl restart mosquitto at the broker ends it"
}
