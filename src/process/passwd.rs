//! The container's `/etc/passwd` (moby/sys: `user.ParsePasswdFilter`).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// The users of a container's `/etc/passwd`.
///
/// ```
/// use kubelet_env::process::Passwd;
///
/// let passwd = Passwd::parse("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:\n");
/// assert_eq!(passwd.home(1000), "/home/app");
/// assert_eq!(passwd.home(1234), "/");
/// assert_eq!(passwd.uid("app"), Some(1000));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwd {
    /// The users. The first one of a UID or name is effective.
    pub entries: Vec<PasswdEntry>,
}

/// A user of `/etc/passwd`: the part that the environment depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswdEntry {
    /// The name.
    pub name: String,
    /// The UID.
    pub uid: i64,
    /// The home directory.
    pub home: String,
}

impl Passwd {
    /// Reads the text of `/etc/passwd` as runc does: blank lines are skipped, a UID that is not a
    /// number is 0, missing fields are empty.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let entries = lines.map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().unwrap_or_default().to_owned();
            let uid = fields.nth(1).and_then(|uid| uid.parse().ok()).unwrap_or_default();
            let home = fields.nth(2).unwrap_or_default().to_owned();
            PasswdEntry { name, uid, home }
        });
        Passwd { entries: entries.collect() }
    }

    /// Returns the home directory of a user, `/` if the user has no entry (runc: `getUserHome`).
    #[must_use]
    pub fn home(&self, uid: i64) -> &str {
        let entry = self.entries.iter().find(|entry| entry.uid == uid);
        entry.map_or("/", |entry| &entry.home)
    }

    /// Returns the UID of the user of that name.
    #[must_use]
    pub fn uid(&self, name: &str) -> Option<i64> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.uid)
    }
}
