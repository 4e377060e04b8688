@main enum HarborsealAgent {
    static func main() { print("harborseal-agent") }
}
