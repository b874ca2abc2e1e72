"""What comes back by mail: answers to our mails, and mails that could not be delivered."""
