"""Under whose uid what runs. Root never runs a mail server, and leaves nothing of its own in somebody's checkout."""
import grp
import os
import pwd
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    name: str
    uid: int
    gid: int
    groups: tuple
    home: str

    @staticmethod
    def of(uid):
        try:
            entry = pwd.getpwuid(uid)
            return Person(entry.pw_name, uid, entry.pw_gid, tuple(os.getgrouplist(entry.pw_name, entry.pw_gid)),
                          entry.pw_dir)
        except KeyError:  # a container's uid without a line in /etc/passwd
            return Person(str(uid), uid, os.getegid(), (), "/")

    @property
    def group(self):
        """The name of the main group, None if it has none."""
        try:
            return grp.getgrgid(self.gid).gr_name
        except KeyError:
            return None

    def identity(self):
        """What subprocess needs to become this person; nothing if we are."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": list(self.groups)}

    def environment(self):
        return os.environ | {"HOME": self.home, "USER": self.name, "LOGNAME": self.name}

    def own(self, path):
        """Hands a file or folder that we made to this person."""
        if os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_execute(self, path):
        """Whether this person reaches and may run `path`: asked in a child that has become them."""
        if os.geteuid() == self.uid:
            return os.access(path, os.X_OK)
        child = os.fork()
        if child == 0:
            os.setgroups(list(self.groups))
            os.setgid(self.gid)
            os.setuid(self.uid)
            os._exit(0 if os.access(path, os.X_OK) else 1)
        return os.waitpid(child, 0)[1] == 0


def choose(checkout):
    """(builder, runner): the owner of the checkout and ourselves; root runs as nobody in a checkout of its own."""
    if os.geteuid() != 0:
        me = Person.of(os.geteuid())
        return me, me
    owner = Person.of(os.stat(checkout).st_uid)
    if owner.uid != 0:
        return owner, owner
    return owner, Person.of(pwd.getpwnam("nobody").pw_uid)
