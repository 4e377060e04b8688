@main enum Harborseal {
    static func main() { print("harborseal") }
}
