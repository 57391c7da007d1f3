"""gig-benchmark's side of the contract, written anew from its description: its database, its programs."""
